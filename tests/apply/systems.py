"""Small mounted systems to change, and what their disks hold, to the last attribute."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from tests.requirements import need
from vfiotui.apply.target import Target
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Change, Effect, look_into, remove_file, run_command, set_link, write_file
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk

GRUB = b"GRUB_TIMEOUT=5\r\nGRUB_CMDLINE_LINUX_DEFAULT='quiet'"
AFTER = b"GRUB_TIMEOUT=5\r\nGRUB_CMDLINE_LINUX_DEFAULT='quiet iommu=pt'"
MENU = b"linux /vmlinuz quiet\n"
BUILD = """#!/bin/sh
# Stands for update-grub: writes in place and leaves a file of its own beside.
. /etc/default/grub
echo "made by $0"
printf 'linux /vmlinuz %s \\n' "$GRUB_CMDLINE_LINUX_DEFAULT" >/boot/grub/grub.cfg.new
cat /boot/grub/grub.cfg.new >/boot/grub/grub.cfg
printf 'x' >/boot/grub/env
"""
ELSEWHERE = """#!/bin/sh
# Stands for a generator whose configuration names other places: it changes, makes and removes what no plan foresees.
echo new >/efi/EFI/arch/initramfs-linux.img
echo made >/boot/grub/unforeseen.cfg
rm -f /boot/old.img
exec /bin/sh /usr/sbin/update-grub
"""
BROKEN = """#!/bin/sh
# Stands for the same generator, which fails in the middle.
echo new >/efi/EFI/arch/initramfs-linux.img
mkdir -p /boot/deep
echo made >/boot/deep/entry.conf
rm -f /boot/old.img
printf half >/boot/grub/grub.cfg
echo '==> ERROR: no such hook'
exit 3
"""
FILLING = """#!/bin/sh
# Stands for a builder that fills the EFI partition, says so, and ends with 0: the old image is gone by then.
rm -f /efi/EFI/arch/initramfs-linux.img
cat /usr/share/large /usr/share/large >/efi/EFI/arch/initramfs-linux.img
echo x >/efi/EFI/arch/more.img
printf half >/boot/grub/grub.cfg
exit 0
"""
FAILING = "#!/bin/sh\nprintf 'half' >/boot/grub/grub.cfg\necho 'no space for the menu'\nexit 3\n"
RISKS = {"risk": Risk.R2, "effect": Effect.BOOT}


def system(folder: Path) -> Target:
    """A system with a GRUB, a link and a drop-in."""
    lay_out(folder)
    return Target(Root.mounted(str(folder)))


def lay_out(folder: Path) -> None:
    """The files of `system`."""
    files = {
        "etc/default/grub.real": GRUB,
        "boot/grub/grub.cfg": MENU,
        "etc/modprobe.d/old.conf": b"options vfio-pci ids=10de:13c2\n",
        "etc/machine-id": b"0123456789abcdef0123456789abcdef\n",
        "usr/sbin/update-grub": BUILD.encode(),
        "usr/sbin/broken-build": FAILING.encode(),
        "usr/sbin/elsewhere": ELSEWHERE.encode(),
        "usr/sbin/failing-elsewhere": BROKEN.encode(),
        "usr/sbin/filling": FILLING.encode(),
    }
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (folder / "etc/default/grub").symlink_to("/etc/default/grub.real")
    (folder / "etc/current").symlink_to("/etc/default")
    (folder / "var/lib").mkdir(parents=True)
    os.chmod(folder / "etc/default/grub.real", 0o640)
    for tool in (folder / "usr/sbin").iterdir():
        os.chmod(tool, 0o755)
    if os.geteuid() == 0:
        os.chown(folder / "etc/default/grub.real", 12, 34)
        os.setxattr(folder / "etc/default/grub.real", "user.label", b"system_u:object_r:etc_t")


def with_busybox(folder: Path, busybox: str) -> None:
    """Gives a system a shell and the small programs, so that it can be entered."""
    for name in ("bin", "dev", "proc", "sys", "run", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "bin/busybox").write_bytes(Path(busybox).read_bytes())
    os.chmod(folder / "bin/busybox", 0o755)
    for tool in (
        "sh cat cp mv rm ln rmdir sha256sum readlink sed dirname sync chroot printf echo pwd find sort ls mkdir".split()
    ):
        (folder / "bin" / tool).symlink_to("busybox")


def enterable(folder: Path) -> Path:
    """`system` in a new folder of this one, with a shell and the small programs."""
    made = folder / "a"
    made.mkdir()
    system(made)
    with_busybox(made, need("busybox", "busybox-static"))
    return made


def quiet(sentence: str) -> None:
    """For who is told what is done, and shows nothing of it."""


FILES: tuple[Change, ...] = (
    write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS),  # type: ignore[arg-type]
    remove_file("/etc/modprobe.d/old.conf", b"options vfio-pci ids=10de:13c2\n", "drop old ids", **RISKS),  # type: ignore[arg-type]
    write_file("/etc/dracut.conf.d/deep/vfio.conf", None, b'force_drivers+=" x "\n', "new", mode=0o600, **RISKS),  # type: ignore[arg-type]
    set_link("/etc/current", b"/etc/default", "/etc/modprobe.d", "point elsewhere", **RISKS),  # type: ignore[arg-type]
    set_link("/etc/new/link", None, "/nowhere", "a link", **RISKS),  # type: ignore[arg-type]
)
COMMAND: tuple[Change, ...] = (
    run_command(("update-grub",), "make the menu", products=("/boot/grub/grub.cfg*", "/boot/grub/env"), **RISKS),  # type: ignore[arg-type]
    look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the menu holds the word"),
)

UNFORESEEN: tuple[Change, ...] = (
    run_command(("elsewhere",), "build", products=("/boot/grub/grub.cfg",), **RISKS),  # type: ignore[arg-type]
    look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the menu holds the word"),
)
"""A command that writes to places which no plan names."""
BREAKING: tuple[Change, ...] = (
    run_command(("failing-elsewhere",), "build", products=("/boot/grub/grub.cfg",), **RISKS),  # type: ignore[arg-type]
)
"""A command that writes to places which no plan names, and fails."""
FILLED: tuple[Change, ...] = (
    run_command(("filling",), "build", products=("/boot/grub/grub.cfg",), **RISKS),  # type: ignore[arg-type]
    look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the menu holds the word"),
)
"""A command that fills the EFI partition and does not say so by its exit code."""


def plan(*steps: Change, title: str = "Test the steps") -> Plan:
    return Plan(title, steps)


def disk(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything below a folder but the journal: kind, mode, owner, attributes and content by path."""
    found: dict[str, tuple[object, ...]] = {}
    for top, folders, files in os.walk(folder):
        here = Path(top)
        if here == folder / "var/lib":
            folders[:] = [f for f in folders if f != "vfiotui"]
        for name in (*folders, *files):
            place = here / name
            info = place.lstat()
            content: object = None
            if stat.S_ISLNK(info.st_mode):
                content = os.readlink(place)
            elif stat.S_ISREG(info.st_mode):
                content = hashlib.sha256(place.read_bytes()).hexdigest()
            xattrs = tuple(
                (x, os.getxattr(place, x, follow_symlinks=False)) for x in os.listxattr(place, follow_symlinks=False)
            )
            path = str(place.relative_to(folder))
            found[path] = (
                stat.S_IFMT(info.st_mode),
                stat.S_IMODE(info.st_mode),
                info.st_uid,
                info.st_gid,
                xattrs,
                content,
            )
    return found

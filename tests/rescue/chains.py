"""Proves whole boot chains of a real Debian 13: two devices and a word, applied from outside, and taken back.

    python -m tests.rescue.chains [FOLDER [NAME]]     a folder for what is kept (about 2 GB)

Needs root, debootstrap, a loop device; some minutes for each chain. Two kernels are installed, and their images made by
the real tools. The isolation and the word are applied by `vfiotui --root`; the boot path, the images (by lsinitramfs,
lsinitrd, objcopy) and the menu are asked before and after; the undo puts every byte back, and so does undo.sh with
busybox alone on a copy of the disk. Then a third kernel comes between the change and its undo, and somebody makes an
image without the isolation where the guard is on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.hosts.base import INTEL
from tests.rescue import warned
from tests.rescue.system import System, differing, disk, disks, make_archive, mount, private
from tests.tree_on_disk import write
from vfiotui.demo.builder import build
from vfiotui.demo.description import PciDesc
from vfiotui.host.boot.boot import read
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass

KERNELS = (
    "kernels=$(apt-cache pkgnames linux-image-6.12 | grep -E '^linux-image-6[.]12[.0-9]+[+]deb13-cloud-amd64$' "
    "| sort -V | tail -n 3); next=$(echo $kernels | cut -d ' ' -f 3); "
    "(cd /root && apt-get download -q $next); kernels=$(echo $kernels | cut -d ' ' -f 1-2); "
)
"""The three newest kernels for clouds, the smallest: two are installed, the third one waits in /root."""
PORT = {"reset": "pm", "bars": (), "express": 4, "acs": True}
MACHINE = replace(
    INTEL,
    pci=(
        PciDesc("0000:00:01.0", 0x8086, 0x1901, 0x060400, 1, "pcieport", **PORT),  # type: ignore[arg-type]
        PciDesc("0000:00:02.0", 0x8086, 0x3E92, 0x030000, 2, "i915", boot_vga=True, bars=(1 << 24,), msi=1),
        PciDesc("0000:00:1c.0", 0x8086, 0xA338, 0x060400, 3, "pcieport", **PORT),  # type: ignore[arg-type]
        PciDesc("0000:00:1c.4", 0x8086, 0xA33C, 0x060400, 4, "pcieport", **PORT),  # type: ignore[arg-type]
        PciDesc("0000:01:00.0", 0x144D, 0xA808, 0x010802, 5, "nvme", "0000:00:01.0", msi=1),
        PciDesc("0000:02:00.0", 0x1D0F, 0xEC20, 0x020000, 6, "ena", "0000:00:1c.0", msi=1),
        PciDesc("0000:03:00.0", 0x15AD, 0x07B0, 0x020000, 7, "vmxnet3", "0000:00:1c.4", msi=1),
    ),
    guests=(),
)
"""The host's disk, and two network cards for which the images hold modules."""
DEVICES = "02:00.0,03:00.0"
IDS = "1d0f:ec20,15ad:07b0"
AGREED = ("--yes", "--run-its-programs")
ID = "0123456789abcdef0123456789abcdef"
LABEL = "chain"
ESP = "boot/efi"
MENU = "/boot/grub/grub.cfg"


@dataclass(frozen=True, slots=True)
class Chain:
    """A kind of system."""

    install: str
    """Shell text that puts its packages in."""
    loader: str
    lister: str
    """The command that lists an initrd."""
    prepare: Callable[[System], None]
    unified: bool = False
    archive: str = ""
    """The chain whose packages it has; its own where this is empty."""
    word: str = "iommu=pt"
    """The word that is added; empty where devices are isolated only."""


def _old_guide(system: System) -> None:
    """The list of a host that followed a guide for kernels before 6.2, when vfio_virqfd was a module of its own."""
    with (system.top / "etc/initramfs-tools/modules").open("a") as file:
        file.write("vfio_virqfd\n")
    _grub(system)


def _grub(system: System) -> None:
    system.put("/etc/default/grub", 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')
    (system.top / "boot/grub").mkdir(exist_ok=True)
    system.run("update-grub")


def _unified(system: System) -> None:
    for name in ("bootctl", "kernel-install"):
        # The EFI partition of this proof is no vfat and has no entry in a partition table: a real program is told so.
        text = f'#!/bin/sh\nexport SYSTEMD_RELAX_ESP_CHECKS=1 SYSTEMD_ESP_PATH=/boot/efi\nexec /usr/bin/{name} "$@"\n'
        system.put(f"/usr/local/bin/{name}", text, 0o755)
    for folder in ("EFI/Linux", "loader/entries"):
        (system.top / "boot/efi" / folder).mkdir(parents=True, exist_ok=True)
    system.put("/boot/efi/loader/loader.conf", "timeout 3\n")
    system.put("/etc/kernel/install.conf", "layout=uki\nuki_generator=ukify\nBOOT_ROOT=/boot/efi\n")
    system.put("/etc/kernel/cmdline", f"root=LABEL={LABEL} ro quiet\n")
    system.put("/etc/kernel/entry-token", f"{ID}\n")
    system.run("bootctl", "install", "--no-variables", "--esp-path=/boot/efi")
    for release in installed(system):
        system.run("kernel-install", "add", release, f"/boot/vmlinuz-{release}")


def _without_hook(system: System) -> None:
    """Nothing copies a new initramfs into the unified images but who calls kernel-install."""
    _unified(system)
    (system.top / "etc/initramfs/post-update.d/systemd-boot").unlink()


APT = "apt-get install -y -q --no-install-recommends"
FAST = "mkdir -p /etc/initramfs-tools/conf.d; echo COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/fast; "
FAST_DRACUT = "mkdir -p /etc/dracut.conf.d; echo 'compress=cat' >/etc/dracut.conf.d/fast.conf; "
"""Images are made a dozen times."""
CHAINS = {
    "GRUB and initramfs-tools": Chain(
        f"{FAST}{KERNELS} {APT} initramfs-tools grub-efi-amd64 $kernels", "grub", "lsinitramfs", _old_guide
    ),
    "systemd-boot and unified images": Chain(
        f"{FAST}{KERNELS} {APT} initramfs-tools systemd-boot systemd-boot-efi systemd-ukify binutils $kernels",
        "systemd-boot",
        "lsinitramfs",
        _unified,
        True,
    ),
    "unified images without a hook of update-initramfs": Chain(
        "", "systemd-boot", "lsinitramfs", _without_hook, True, "systemd-boot and unified images", ""
    ),
    "GRUB and dracut": Chain(
        f"{FAST_DRACUT}{KERNELS} {APT} dracut grub-efi-amd64 $kernels",
        "grub",
        "lsinitrd",
        _grub,
    ),
}


class Checks:
    """What was asked of a chain, and the answers."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, bool]] = []

    def ask(self, what: str, holds: bool, found: object = "") -> None:
        self.answers.append((what, holds))
        print(f"   {'so' if holds else 'NOT SO'}: {what}{'' if holds else f': {found}'}", flush=True)

    @property
    def right(self) -> int:
        return sum(holds for _, holds in self.answers)


def default(system: System) -> tuple[str, str, str]:
    """The entry that the next boot starts by the boot path, the release of its kernel, its words."""
    boot = read(Root.mounted(str(system.top)))
    entry = None if isinstance(boot, Unread) or isinstance(boot.path, Unread) else boot.path.default
    if entry is None or isinstance(entry.words, Unread) or isinstance(entry.release, Unread):
        return f"not known: {boot if isinstance(boot, Unread) else boot.path}", "", ""
    return entry.name, entry.release, entry.words.text


def drivers(system: System) -> dict[str, str]:
    """What the devices get at the next boot, as it is foretold."""
    said = json.loads(system.vfiotui("isolate", "--json"))["devices"]
    return {d["bdf"][5:]: " or ".join(d["forecast"]) + ("" if d["sure"] else "?") for d in said}


def installed(system: System) -> list[str]:
    return [path.split("/")[-2] for path in system.found("lib/modules/*/modules.dep")]


SECTION = 'python3 -c \'import pefile, sys; from pathlib import Path; \
[Path("/run" + s.Name.strip(b"\\0").decode().replace(".", "/")).write_bytes(s.get_data()[:s.Misc_VirtualSize]) \
for s in pefile.PE(sys.argv[1]).sections if s.Name.startswith((b".cmdline", b".initrd"))]\' {0}'
"""Takes the words and the initrd out of a unified image; a section is longer in the file than its content."""
CONTENT = {
    "lsinitramfs": "lsinitramfs {0}; unmkinitramfs {0} /run/image; echo @part; "
    "cd /run/image; find . -path '*/etc/modprobe.d/vfiotui.conf' -exec cat '{{}}' +",
    "lsinitrd": "lsinitrd {0} | sed 's/.* //'; echo @part; lsinitrd -f etc/modprobe.d/vfiotui.conf {0}",
}


REBUILD = {
    "lsinitramfs": ("update-initramfs", "-u", "-k", "all"),
    "lsinitrd": ("dracut", "-f", "--regenerate-all"),
}


def image(system: System, chain: Chain, release: str) -> tuple[set[str], str, str]:
    """The names in a kernel's initrd, our file in it, and the words in a unified image; by the tools of the system."""
    files = system.found(f"boot/efi/EFI/Linux/*{release}*.efi") if chain.unified else []
    initrd, words = f"/boot/initrd.img-{release}", ""
    start = ""
    if chain.unified:
        if not files:
            return set(), "no image", ""
        start = f"{SECTION.format(files[0])}; cat /run/cmdline; "
        initrd = "/run/initrd"
    said = system.run("sh", "-ec", f"{start}echo; echo @part; {CONTENT[chain.lister].format(initrd)}")
    words, names, ours = said.split("@part\n", 2)
    return set(names.split()), ours.strip(), words.strip("\0 \n")


def judge(checks: Checks, system: System, chain: Chain, when: str, isolated: bool) -> None:
    """Asks the boot path, the forecast and every image whether the change is there, or not."""
    word = "with" if isolated else "without"
    added = chain.word if isolated else ""
    name, release, words = default(system)
    newest = sorted(installed(system), key=lambda r: [int(n) for n in re.findall(r"\d+", r)])[-1]
    checks.ask(f"{when}: the boot path starts {newest} {word} {chain.word or 'any word'}",
               release == newest and _has(words, chain, added), (name, release, words))  # fmt: skip
    got = drivers(system)
    want = dict.fromkeys(DEVICES.split(","), "vfio-pci") if isolated else {"02:00.0": "ena", "03:00.0": "vmxnet3"}
    checks.ask(f"{when}: the forecast is {', '.join(want.values())}", {b: got[b] for b in want} == want, got)
    for kernel in installed(system):
        names, ours, given = image(system, chain, kernel)
        has = IDS in ours and any(n.rpartition("/")[2].startswith("vfio-pci.ko") for n in names)
        checks.ask(f"{when}: the image of {kernel} is {word} the ids and vfio-pci", has is isolated, (ours, len(names)))
        if chain.unified:
            checks.ask(f"{when}: its words are {word} {chain.word}", bool(given) and _has(given, chain, added), given)
    if chain.loader == "grub":
        lines = re.findall(r"^\s+linux\s.*", system.text(MENU), re.MULTILINE)
        normal = [line.split() for line in lines if "single" not in line.split()]
        with_word = [line for line in normal if chain.word in line]
        checks.ask(f"{when}: {len(normal) if isolated else 0} of {len(normal)} entries of the menu have {chain.word}",
                   bool(normal) and with_word == (normal if isolated else []), normal)  # fmt: skip


def _has(words: str, chain: Chain, added: str) -> bool:
    """Whether a line has the word that the change adds, or none of it."""
    return (chain.word in words.split()) is bool(added) if chain.word else True


def goals(chain: Chain) -> tuple[str, ...]:
    """What the change is for."""
    return (f"isolate.auto={DEVICES}", *((f"cmdline.add={chain.word}",) if chain.word else ()))


def menu(system: System) -> str:
    """grub.cfg without what it says of the image file behind the loop device, which is another one for each system."""
    text = re.sub(r"\bloopback loop\d+ .*|\(loop\d+\)", "(loop)", system.text(MENU))
    return re.sub(r"/dev/shm/\w+/\w+[.]img|/dev/loop\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "DISK", text)


def by_script(system: System, number: str) -> str:
    """undo.sh, with busybox and nothing else of the system."""
    shell = (
        "mkdir /run/bb; for n in $(/usr/bin/busybox --list); do ln -s /usr/bin/busybox /run/bb/$n; done; "
        f"cd /; PATH=/run/bb exec /run/bb/sh /var/lib/vfiotui/changes/{number}-*/undo.sh 2>&1"
    )
    return system.run("/usr/bin/busybox", "sh", "-ec", shell)


OF_PACKAGES = ("/var/log/", "/var/lib/dpkg/", "/var/cache/", "/var/lib/initramfs-tools/", "/var/tmp")
"""What an installation writes with the time in it."""


def prove(archive: Path, chain: Chain, checks: Checks) -> None:
    with disks(archive.parent) as work:
        first = System(disk(work, "first", LABEL, 2 << 30))
        subprocess.run(["tar", "--xattrs", "-C", str(first.top), "-xf", str(archive)], check=True)
        first.put("/etc/fstab", f"LABEL={LABEL} / ext4 defaults 0 1\n")
        if chain.unified:
            # Not every kernel has vfat; the real programs take what is the top of a file system.
            (first.top / ESP).mkdir(parents=True)
            disk(work, "first-esp", "esp", 400 << 20, first.top / ESP)
            first.put("/etc/fstab", f"LABEL={LABEL} / ext4 defaults 0 1\nLABEL=esp /{ESP} ext4 defaults 0 2\n")
        first.put("/etc/machine-id", f"{ID}\n")
        chain.prepare(first)
        write({p: node for p, node in build(MACHINE).items() if p.startswith("/sys/")}, str(first.top))
        before = first.everything()
        judge(checks, first, chain, "before", False)
        print(first.vfiotui("apply", *goals(chain), *AGREED), flush=True)
        judge(checks, first, chain, "after", True)
        told = first.vfiotui("plan", *goals(chain))
        checks.ask("a second plan has nothing to do", "nothing to do" in told, told)
        second = copy(first, work)
        told = first.vfiotui("undo", *AGREED)
        print(told, flush=True)
        other = differing(before, first.everything())
        checks.ask(f"undo: all {len(before)} paths are as before", not other, other)
        judge(checks, first, chain, "undone", False)
        print(by_script(second, "0001"), flush=True)
        other = differing(before, second.everything())
        checks.ask(f"undo.sh by busybox: all {len(before)} paths are as before", not other, other)
        upgrade(checks, first, second, chain)
        guard(checks, first, chain)


def copy(first: System, work: Path) -> System:
    """The same on other disks."""
    for part in ("", ESP):
        image = work / f"first{'-esp' if part else ''}.img"
        if not image.exists():
            continue
        other = work / image.name.replace("first", "second")
        subprocess.run(["mount", "-o", "remount,ro", str(first.top / part)], check=True)
        subprocess.run(["cp", "--sparse=always", str(image), str(other)], check=True)
        subprocess.run(["mount", "-o", "remount,rw", str(first.top / part)], check=True)
        mount(other, work / "second" / part)
    return System(work / "second")


def upgrade(checks: Checks, first: System, second: System, chain: Chain) -> None:
    """A third kernel comes after the change; its undo leaves what the same kernel makes of a system without it."""
    new_kernel = ("sh", "-ec", "dpkg -i /root/linux-image-*.deb")
    first.vfiotui("apply", *goals(chain), *AGREED)
    first.run(*new_kernel)
    judge(checks, first, chain, "a third kernel came", True)
    told = first.vfiotui("undo", *AGREED)
    print(told, flush=True)
    checks.ask("the undo says that it was made anew", "made anew" in told, told)
    judge(checks, first, chain, "undone with a third kernel", False)
    second.run(*new_kernel)
    # The first images were made where no disk of the system was seen, and the undo made them again on this one.
    second.run(*REBUILD[chain.lister])
    for release in installed(second) if chain.unified else ():
        second.run("kernel-install", "add", release, f"/boot/vmlinuz-{release}")
    other = differing(second.everything(), first.everything())
    menus = [menu(system) for system in (first, second) if chain.loader == "grub"]
    checks.ask("the menu is the one of a system that never had the change", len(set(menus)) < 2, menus)
    images = [p for p in other if re.search(r"/initrd\.img-|\.efi$", p)]
    other = [p for p in other if p not in images and p != MENU and not p.startswith(OF_PACKAGES)]
    checks.ask("all else is as on a system that never had the change", not other, other)
    for kernel in installed(first):
        ours, theirs = image(first, chain, kernel), image(second, chain, kernel)
        checks.ask(f"the image of {kernel} holds what it holds there", ours == theirs, ours[0] ^ theirs[0])


def guard(checks: Checks, system: System, chain: Chain) -> None:
    """The hooks of `vfiotui guard on` speak when somebody loses the isolation."""
    warned.prepare(system)
    system.vfiotui("apply", *goals(chain), *AGREED)
    system.vfiotui("apply", "guard.on=yes", *AGREED)
    builders = {"update-initramfs": ("update-initramfs", "-u")} if chain.lister == "lsinitramfs" else {}
    newest = default(system)[1]
    # dracut has no hook of its own: Debian's kernel packages call it.
    adds = ("kernel-install", "add", newest, f"/boot/vmlinuz-{newest}")
    warned.prove(system, checks.ask, builders | ({"kernel-install": adds} if chain.unified else {}))


def main() -> None:
    cache = private("tests.rescue.chains")
    wrong = 0
    table = []
    for name, chain in CHAINS.items():
        if sys.argv[2:] and not any(word in name for word in sys.argv[2:]):
            continue
        made = chain.archive or name
        archive = make_archive(cache, made.replace(" ", "-"), CHAINS[made].install)
        print(f"== {name}", flush=True)
        checks = Checks()
        try:
            prove(archive, chain, checks)
        except SystemExit as error:
            checks.ask("every program ended well", False, error)
        table.append(f"{checks.right:3} of {len(checks.answers):3}  {name}")
        wrong += len(checks.answers) - checks.right
    print("\n".join(("== as expected", *table)))
    if wrong:
        raise SystemExit(f"{wrong} not as expected")


if __name__ == "__main__":
    main()

"""Proves the writers of loaders on a real Debian 13, with the loaders' own tools, as a mounted system.

    python -m tests.rescue.loaders [FOLDER]     a folder for the cached system (about 400 MB)

Needs root, debootstrap and a loop device; some minutes. Every case sets the system up with the real tool, changes the
words with `vfiotui --root`, lets an independent reader look (grub-script-check, bootctl, ukify; kernel-install for the
next kernel), takes everything back, and compares every byte and mode below the root. /boot is a file system of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.rescue.system import System, differing, disk, disks, expect, make_archive, private

PACKAGES = (
    "systemd-boot systemd-boot-efi systemd-ukify dracut-core grub2-common grub-common grub-efi-amd64-bin binutils "
    "linux-image-cloud-amd64"
)
AGREED = ("--yes", "--run-its-programs")
ID = "0123456789abcdef0123456789abcdef"
WORDS = "root=LABEL=loaders ro quiet"


def menu_lines(system: System, menu: str) -> list[str]:
    return [line.split(None, 1)[1] for line in system.text(menu).split("\n") if re.match(r"\s+linux\s", line)]


def grub(system: System, maker: str, menu: str) -> Callable[[], None]:
    """GRUB without update-grub: the maker writes the menu, under the name that Arch or SUSE gives it."""
    system.put("/etc/default/grub", 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n')
    (system.top / "usr/sbin/update-grub").unlink(missing_ok=True)
    if maker != "grub-mkconfig":
        (system.top / "usr/sbin/grub-mkconfig").rename(system.top / "usr/sbin" / maker)
    # Debian's scripts are made for /boot/grub, wherever the menu goes.
    for folder in ("boot/grub", "boot/grub2"):
        (system.top / folder).mkdir(exist_ok=True)
    system.run(maker, "-o", menu)

    def look() -> None:
        system.run("grub-script-check", menu)
        lines = menu_lines(system, menu)
        normal = [line for line in lines if "single" not in line]
        with_word = [line for line in normal if "iommu=pt" in line.split() and "quiet" not in line.split()]
        expect(bool(normal) and with_word == normal, f"{len(with_word)} of {len(normal)} normal entries of {menu}")

    return look


def entries(system: System) -> Callable[[], None]:
    """Entries that the real kernel-install made; bootctl reads them, and the next kernel's entry has the words."""
    system.put("/etc/kernel/install.conf", "layout=bls\nBOOT_ROOT=/boot\n")
    system.put("/etc/kernel/cmdline", f"{WORDS}\n")
    system.put("/etc/kernel/entry-token", f"{ID}\n")
    system.put("/boot/loader/loader.conf", "timeout 3\n")
    (system.top / "boot/loader/entries").mkdir(parents=True, exist_ok=True)
    (system.top / "boot" / ID).mkdir(exist_ok=True)
    release, image = kernel(system)
    system.run("kernel-install", "--boot-path=/boot", "--esp-path=/boot", "add", release, image, initrd(system))

    def look() -> None:
        shown = system.run("bootctl", "list", "--esp-path=/boot", "--boot-path=/boot", "--json=short")
        found = [e.get("options", "") for e in json.loads(shown) if e.get("type") == "type1"]
        right = [o for o in found if "iommu=pt" in o.split() and "quiet" not in o.split()]
        expect(bool(found) and found == right, f"{len(right)} of {len(found)} entries as bootctl reads them")
        before = set(system.found("boot/loader/entries/*.conf"))
        system.run("kernel-install", "--boot-path=/boot", "--esp-path=/boot", "add", "9.9.9", image, initrd(system))
        new = sorted(set(system.found("boot/loader/entries/*.conf")) - before)
        expect(all("iommu=pt" in system.text(p) and "quiet" not in system.text(p) for p in new) and len(new) == 1,
               f"the next kernel's entry, by kernel-install: {new}")  # fmt: skip
        system.run("kernel-install", "--boot-path=/boot", "--esp-path=/boot", "remove", "9.9.9")

    return look


def unified(system: System, builder: str) -> Callable[[], None]:
    """Unified images: built anew by the plan, read by ukify."""
    release, image = kernel(system)
    (system.top / "boot/EFI/Linux").mkdir(parents=True, exist_ok=True)
    system.put("/boot/loader/loader.conf", "timeout 3\n")
    if builder == "kernel-install":
        system.put(
            "/etc/kernel/install.conf", "layout=uki\nuki_generator=ukify\ninitrd_generator=none\nBOOT_ROOT=/boot\n"
        )
        system.put("/etc/kernel/cmdline", f"{WORDS}\n")
        system.put("/etc/kernel/entry-token", f"{ID}\n")
        system.run("kernel-install", "add", release, image)
    else:
        text = f'uefi="yes"\nhostonly="no"\nkernel_cmdline="{WORDS}"\n'
        system.put("/etc/dracut.conf.d/uki.conf", text)
        system.run("dracut", "-f", "--regenerate-all")

    def look() -> None:
        images = system.found("boot/EFI/Linux/*.efi")
        lines = []
        for path in images:
            sections = json.loads(system.run("ukify", "inspect", path, "--json=short", "--section=.cmdline:text"))
            lines.append(sections[".cmdline"]["text"].strip("\0 \n"))
        right = [x for x in lines if "iommu=pt" in x.split() and "quiet" not in x.split()]
        expect(bool(lines) and lines == right, f"{len(right)} of {len(lines)} images as ukify reads them: {lines}")

    return look


def kernel(system: System) -> tuple[str, str]:
    release = system.found("lib/modules/*")[-1].rpartition("/")[2]
    return release, f"/boot/vmlinuz-{release}"


def initrd(system: System) -> str:
    return system.found("boot/initrd.img-*")[-1]


CASES: dict[str, Callable[[System], Callable[[], None]]] = {
    "GRUB as on Arch": lambda s: grub(s, "grub-mkconfig", "/boot/grub/grub.cfg"),
    "GRUB as on SUSE": lambda s: grub(s, "grub2-mkconfig", "/boot/grub2/grub.cfg"),
    "systemd-boot, kernel-install": entries,
    "unified image, kernel-install and ukify": lambda s: unified(s, "kernel-install"),
    "unified image, dracut": lambda s: unified(s, "dracut"),
}


def prove(archive: Path, wanted: list[str]) -> None:
    """Every case on a fresh file system; the mounts belong to this process."""
    for name, case in CASES.items():
        if wanted and not any(w in name for w in wanted):
            continue
        print(f"== {name}", flush=True)
        with disks(archive.parent) as work:
            top = disk(work, "mnt", "loaders", 3 << 30)
            subprocess.run(["tar", "-C", str(top), "-xf", str(archive)], check=True)
            system = System(top)
            system.put("/etc/fstab", "LABEL=loaders / ext4 defaults 0 1\nLABEL=boot /boot ext4 defaults 0 2\n")
            kernels = shutil.move(top / "boot", work / "kernels")
            (top / "boot").mkdir()
            disk(work, "esp", "boot", 400 << 20, top / "boot")
            shutil.copytree(kernels, top / "boot", dirs_exist_ok=True)
            system.put("/etc/machine-id", f"{ID}\n")
            look = case(system)
            before = system.everything()
            print(
                system.vfiotui("apply", "cmdline.add=iommu=pt", "cmdline.remove=quiet", *AGREED),
                flush=True,
            )
            look()
            told = system.vfiotui("plan", "cmdline.add=iommu=pt", "cmdline.remove=quiet")
            expect("nothing to do" in told, "a second plan has nothing to do")
            system.vfiotui("undo", *AGREED)
            other = differing(before, system.everything())
            expect(not other, f"all {len(before)} files are as before the change {other[:5]}")


def grub_menus(folder: Path) -> None:
    """Each menu of GRUB, as GRUB itself starts it and as the boot path has it: n of n."""
    from tests.host.boot.path.grub_menus import MENUS
    from tests.rescue.grub_emu import start
    from vfiotui.formats.loaders.grub_line import kernel_line
    from vfiotui.host.boot.path.grub.path import find_path
    from vfiotui.host.root.root import Root
    from vfiotui.model.boot.boot import Loader
    from vfiotui.model.boot.path import BootPath

    print("== GRUB's menus, by grub-emu", flush=True)
    same = 0
    for name, files in MENUS.items():
        top = Path(tempfile.mkdtemp(dir=folder))
        (top / "boot/grub").mkdir(parents=True)
        for file, text in files.items():
            (top / "boot/grub" / file).write_bytes(text.encode())
        started = start(top / "boot/grub")
        path = find_path(Root.mounted(str(top)), Loader("grub", True, ()))
        entry = path.default if isinstance(path, BootPath) else None
        ours = (entry.name, getattr(entry.words, "text", "")) if entry else ("", "")
        theirs = (">".join(started.titles), f"BOOT_IMAGE={kernel_line(started.words)}" if started.words else "")
        same += ours == theirs
        if ours != theirs:
            print(f"   {name}: GRUB starts {theirs}, the boot path has {ours}")
        shutil.rmtree(top)
    expect(same == len(MENUS), f"{same} of {len(MENUS)} menus: the entry and its words are those that GRUB starts")


def main() -> None:
    cache = private("tests.rescue.loaders")
    if not sys.argv[2:] or "grub-emu" in sys.argv[2:]:
        grub_menus(cache)
    if sys.argv[2:] != ["grub-emu"]:
        install = f"apt-get install -y -q --no-install-recommends {PACKAGES}"
        prove(make_archive(cache, "loaders", install), sys.argv[2:])
    print("== proved")


if __name__ == "__main__":
    main()

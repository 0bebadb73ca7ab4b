"""A Debian 13 on a disk of its own: mounted to be changed by the program and its builder, then started from power-on.

The builder runs as a program of the mounted system, at the speed of this host; only the start itself is emulated. The
machine's /sys lies in the system as it was at a first start, so that the program judges the devices that will be there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.boots import hardware
from tests.requirements import need
from tests.rescue.system import Fact, System
from vfiotui.host.boot import boot as boot_reader
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootPath

SUITE = "trixie"
PACKAGES = (
    "systemd-sysv udev kmod zstd cpio grub-common grub2-common grub-pc-bin initramfs-tools libarchive-tools "
    "busybox linux-image-amd64"
)
"""Not busybox-static: its shell takes its own modprobe before kmod's, which reads no modules.dep.bin."""
SIZE = 4 << 30
GRUB = """GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on"
GRUB_CMDLINE_LINUX="console=ttyS0 mitigations=off tsc=reliable panic=-1 no_timer_check"
GRUB_DEVICE=LABEL=labroot
GRUB_DISABLE_LINUX_UUID=true
GRUB_DISABLE_OS_PROBER=true
"""
SMALL = "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n"
NEEDED = ("virtio_pci", "virtio_blk", "ext4")
"""What the root's disk needs; every other driver is put into an image by a test, or is not in it."""
AGREED = ("--yes", "--run-its-programs")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the machine is started with."""

    kernel: str
    initrds: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Next:
    """What the program says of the next start."""

    drivers: dict[str, tuple[str, ...]]
    """Address → the drivers that it may have, "" for none; several where that is open."""
    entry: Entry


class Host(System):
    """The system, mounted at `top`; `disk` is its image."""

    def __init__(self, top: Path, disk: Path, out: Path) -> None:
        super().__init__(top)
        self.disk = disk
        self.out = out

    def shell(self, line: str) -> str:
        """A shell line inside."""
        return self.run("sh", "-ec", line)

    def try_vfiotui(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The program on this system, whatever it answers."""
        command = [sys.executable, "-m", "vfiotui", "--root", str(self.top), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=1800)

    def change(self, *goals: str) -> None:
        """A change that is done."""
        done = self.try_vfiotui("apply", *goals, *AGREED)
        assert done.returncode == 0, done.stdout + done.stderr

    def undo(self) -> None:
        """The last change is undone."""
        done = self.try_vfiotui("undo", *AGREED)
        assert done.returncode == 0, done.stdout + done.stderr

    def entry(self) -> Entry:
        """What the boot path says: the entry that starts."""
        boot = boot_reader.read(Root.mounted(str(self.top)))
        assert not isinstance(boot, Unread) and isinstance(boot.path, BootPath), boot
        entry = boot.path.default
        assert entry and isinstance(entry.words, CommandLine) and isinstance(entry.kernel, str), boot.path
        words = " ".join(w for w in entry.words.text.split() if not w.startswith("BOOT_IMAGE="))
        return Entry(entry.kernel, entry.initrds, words)

    def predicted(self) -> Next:
        """The prediction as the command prints it, with the entry that it is for."""
        told: dict[str, Any] = json.loads(self.vfiotui("isolate", "--json"))
        return Next({d["bdf"]: tuple(d["forecast"]) for d in told["devices"]}, self.entry())

    @contextmanager
    def noted(self, word: str) -> Iterator[None]:
        """GRUB's environment block holds NAME=VALUE; afterwards it is as before, to the byte."""
        block = self.top / "boot/grub/grubenv"
        before = block.read_bytes() if block.exists() else None
        self.run("grub-editenv", "/boot/grub/grubenv", "set", word)
        try:
            yield
        finally:
            block.unlink() if before is None else block.write_bytes(before)

    def start(self, entry: Entry, dump: Path | None = None) -> hardware.Started:
        """The machine starts with what the boot path says; the disk is not mounted meanwhile."""
        with tempfile.TemporaryDirectory(dir=self.out) as folder:
            work = Path(folder)
            for number, path in enumerate((entry.kernel, *entry.initrds)):
                shutil.copy(self.top / path.lstrip("/"), work / str(number))
            subprocess.run(["umount", str(self.top)], check=True)
            try:
                words = f"{entry.words} lab.dump" if dump else entry.words
                images = [work / str(n) for n in range(1, len(entry.initrds) + 1)]
                return hardware.start(self.disk, work / "0", images, words, work, dump)
            finally:
                subprocess.run(["mount", "-o", "loop", str(self.disk), str(self.top)], check=True)

    def files(self) -> dict[str, Fact]:
        """Kind, mode, owner and content of all that a change may write: /etc, /boot, the builders' own folders."""
        found: dict[str, Fact] = {}
        for name in ("etc", "boot", "var/lib/dracut", "var/lib/initramfs-tools", "usr/lib/dracut", "usr/lib/initcpio"):
            below = System(self.top / name).everything()
            found.update((f"/{name}{path}", fact) for path, fact in below.items())
        return found


@contextmanager
def mounted(disk: Path, out: Path) -> Iterator[Host]:
    """The system of a disk, as long as it is changed."""
    # grub-probe looks for the file behind a loop device, inside of the system too: below /dev it finds it.
    work = Path(tempfile.mkdtemp(dir="/dev/shm"))
    subprocess.run(["mount", "--bind", str(disk.parent), str(work)], check=True)
    top = out / f"root-{disk.stem}"
    top.mkdir(exist_ok=True)
    try:
        subprocess.run(["mount", "-o", "loop", str(work / disk.name), str(top)], check=True)
        yield Host(top, work / disk.name, out)
    finally:
        subprocess.run(["umount", str(top)], check=False)
        subprocess.run(["umount", "-l", str(work)], check=False)
        os.rmdir(work)


def make_base(cache: Path) -> Path:
    """A disk with the system, its menu and an image of initramfs-tools; made once, with the machine's /sys in it."""
    disk = cache / "base.img"
    if disk.exists():
        return disk
    cache.mkdir(parents=True, exist_ok=True)
    part = cache / "part.img"
    part.unlink(missing_ok=True)
    with part.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-L", "labroot", str(part)], check=True)
    with mounted(part, cache) as host:
        _install(host, cache)
        _configure(host)
        dump = cache / "sys.tar"
        host.start(host.entry(), dump)
        subprocess.run(["tar", "-C", str(host.top), "-xf", str(dump)], check=True)
        dump.unlink()
    part.rename(disk)
    return disk


def _install(host: Host, cache: Path) -> None:
    with (cache / "install.log").open("w") as log:
        command = [need("debootstrap", "debootstrap"), "--variant=minbase", SUITE, str(host.top)]
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=True)
    for conf in Path("/etc/apt/apt.conf.d").glob("*"):
        shutil.copy(conf, host.top / "etc/apt/apt.conf.d")
    for path in ("etc/resolv.conf", "etc/hosts"):
        shutil.copy(f"/{path}", host.top / path)
    host.put("/etc/initramfs-tools/conf.d/small.conf", SMALL)
    host.shell(f"apt-get update -q; {INSTALL} {PACKAGES}")


INSTALL = "apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-unsafe-io"


def _configure(host: Host) -> None:
    host.put("/etc/fstab", "LABEL=labroot / ext4 noatime 0 0\n")
    host.put("/etc/default/grub", GRUB)
    host.put("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    host.put("/usr/local/sbin/report", hardware.INIT)
    (host.top / "usr/local/sbin/report").chmod(0o755)
    host.put("/etc/systemd/system/report.service", hardware.UNIT)
    host.put("/etc/systemd/system/report.target", "[Unit]\nDefaultDependencies=no\nRequires=report.service\n")
    host.put("/etc/initramfs-tools/conf.d/small.conf", SMALL)
    host.put("/etc/initramfs-tools/modules", "\n".join((*NEEDED, "")))
    # The old link must go first: what it names is systemd itself.
    host.shell(
        "rm /usr/sbin/init; ln -s ../local/sbin/report /usr/sbin/init; mkdir -p /boot/grub; "
        "ln -sf report.target /etc/systemd/system/default.target; "
        "update-initramfs -c -k all; update-grub"
    )


def builder_disk(cache: Path, name: str, install: str, files: dict[str, str], tree: Path | None = None) -> Path:
    """The disk with another builder in the place of initramfs-tools; made once."""
    disk = cache / f"{name}.img"
    if disk.exists():
        return disk
    part = cache / f"part-{name}.img"
    subprocess.run(["cp", "--sparse=always", str(make_base(cache)), str(part)], check=True)
    with mounted(part, cache) as host:
        if tree:
            subprocess.run(["cp", "-a", f"{tree}/.", str(host.top)], check=True)
        for path, text in files.items():
            host.put(path, text)
        host.shell(install)
    part.rename(disk)
    return disk

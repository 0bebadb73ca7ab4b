"""A capture of a hostile disk ends, stays small, and follows nothing that leads outside."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

BIG = (
    "etc/modprobe.d/big.conf", "etc/libvirt/qemu/big.xml", "etc/libvirt/hooks/qemu", "etc/libvirt/qemu.conf",
    "boot/grub/grub.cfg", "boot/initrd.img-6.1.0-1-amd64", "boot/EFI/Linux/a.efi", "usr/local/bin/big", "etc/fstab",
    "var/lib/vfiotui/changes/0001-x/plan.json", "var/lib/vfiotui/changes/0001-x/journal", "etc/machine-id",
)  # fmt: skip
FIFOS = (
    "etc/modprobe.d/f.conf",
    "etc/libvirt/qemu/f.xml",
    "etc/default/grub",
    "etc/udev/rules.d/f.rules",
    "boot/initrd",
)
LINKS = {
    "etc/modprobe.d/zero.conf": "/dev/zero",
    "etc/modprobe.d/out.conf": "../../../../../../../../etc/shadow",
    "etc/libvirt/hooks/qemu.d/out": "/etc/shadow",
    "usr/local/bin/loop": "loop",
    "etc/kernel": "/",
    "etc/dracut.conf.d": "..",
    "etc/sysctl.d": "../etc/sysctl.d",
    "home": "/root",
}
MEMORY = 1 << 30
"""Bytes of address space that the command may have."""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with files of 100 MB, FIFOs, and links to everywhere."""
    top = tmp_path / "disk"
    for path in (*BIG, *FIFOS, *LINKS, "etc/os-release"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / "etc/os-release").write_text("ID=debian\n")
    for path in BIG:
        with open(top / path, "wb") as out:
            out.write(b"#!/bin/sh\nvirsh start x\n")
            out.truncate(100 << 20)
    for path in FIFOS:
        os.mkfifo(top / path)
    for path, target in LINKS.items():
        (top / path).symlink_to(target)
    for number in range(300):
        (top / f"etc/modprobe.d/n{number}.conf").write_text("options kvm ignore_msrs=1\n")
    return top


def test_a_hostile_disk_is_captured_within_bounds(disk: Path, tmp_path: Path) -> None:
    before = {p: os.lstat(p) for p in disk.rglob("*")}
    file = tmp_path / "x.tar.gz"
    done = subprocess.run(
        [sys.executable, "-m", "vfiotui", "--root", str(disk), "capture", str(file)],
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1 and file.stat().st_size < 200_000
    with tarfile.open(file) as tar:
        members = tar.getmembers()
    assert sum(m.size for m in members) < 1 << 20
    assert not [m.name for m in members if "shadow" in m.name or not (m.isfile() or m.isdir() or m.issym())]
    after = {p: os.lstat(p) for p in disk.rglob("*")}
    assert {p: (s.st_mtime, s.st_size, s.st_mode) for p, s in before.items()} == {
        p: (s.st_mtime, s.st_size, s.st_mode) for p, s in after.items()
    }

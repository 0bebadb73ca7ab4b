"""A loader's files on FAT, which knows no owners, modes and attributes, nor names that differ in case only."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.lab.machine import TREE, Lab
from tests.requirements import need

MAKE = """set -e
mkdir -p /small/boot /small/etc
printf '%032d\\n' 1 >/small/etc/machine-id
cp /root/fat/esp.img /esp.img
mount -t vfat -o loop,umask=0077 /esp.img /small/boot
mkdir -p /small/boot/loader/entries
printf 'timeout 3\\r\\n' >/small/boot/loader/loader.conf
printf 'title Small\\r\\nlinux /vmlinuz\\r\\noptions\\troot=UUID=1 rw' >/small/boot/loader/entries/small.conf
"""
LOOK = (
    "umount /small/boot && mount -t vfat -o loop,umask=0077 /esp.img /small/boot && cd /small && "
    "find etc boot -printf '%y %m %U:%G %s %p\\n' | sort && find etc boot -type f -exec sha256sum {} + | sort"
)
"""What lies there after the disk alone was asked again."""


@pytest.fixture(scope="module")
def small(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The machine with an empty FAT and a busybox, of which its own system has neither."""
    folder = tmp_path_factory.mktemp("fat")
    with open(folder / "esp.img", "wb") as image:
        image.truncate(8 << 20)
    subprocess.run([need("mkfs.vfat", "dosfstools"), str(folder / "esp.img")], check=True, capture_output=True)
    shutil.copy(need("busybox", "busybox-static"), folder / "busybox")
    lab.send(folder, "/root/fat")
    return lab


@pytest.mark.parametrize(
    "undo",
    [
        f"cd {TREE} && python3 -m vfiotui --root /small undo --yes --run-its-programs",
        "sh /small/var/lib/vfiotui/changes/*/undo.sh",
        "/root/fat/busybox sh /small/var/lib/vfiotui/changes/*/undo.sh",
    ],
    ids=["undo", "undo.sh", "undo.sh by busybox"],
)
def test_every_way_back_works_on_fat(small: Lab, undo: str) -> None:
    lab = small
    lab.must(MAKE)
    before = lab.must(LOOK)
    done = lab.vfiotui("--root /small apply cmdline.add=iommu=pt --yes --run-its-programs")
    assert done.code == 0, done.all
    assert "iommu=pt" in lab.must("cat /small/boot/loader/entries/small.conf")
    assert lab.must(LOOK) != before
    lab.must(undo)
    assert lab.must(LOOK) == before
    lab.must("umount /small/boot && rm -rf /small /esp.img")


def test_what_is_done_outlives_a_power_cut(small: Lab) -> None:
    small.must(f"{MAKE}sync")
    before = small.must(f"{LOOK}; sync")
    done = small.vfiotui("--root /small apply cmdline.add=iommu=pt --yes --run-its-programs")
    assert done.code == 0, done.all
    small.power_cut()
    small.must("mount -t vfat -o loop,umask=0077 /esp.img /small/boot")
    assert "iommu=pt" in small.must("cat /small/boot/loader/entries/small.conf")
    small.must("/root/fat/busybox sh /small/var/lib/vfiotui/changes/*/undo.sh")
    assert small.must(LOOK) == before

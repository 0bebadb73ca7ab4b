"""A loader's files on FAT, which knows no owners, modes and attributes, nor names that differ in case only."""

from __future__ import annotations

import pytest

from tests.lab.machine import TREE, Lab

MAKE = """set -e
mkdir -p /small/boot /small/etc
printf '%032d\\n' 1 >/small/etc/machine-id
truncate -s 8M /esp.img
if command -v mkfs.vfat >/dev/null; then mkfs.vfat /esp.img; else busybox mkdosfs /esp.img; fi >/dev/null
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


@pytest.mark.parametrize(
    "undo",
    [
        f"cd {TREE} && python3 -m vfiotui --root /small undo --yes",
        "sh /small/var/lib/vfiotui/changes/*/undo.sh",
        "busybox sh /small/var/lib/vfiotui/changes/*/undo.sh",
    ],
    ids=["undo", "undo.sh", "undo.sh by busybox"],
)
def test_every_way_back_works_on_fat(lab: Lab, undo: str) -> None:
    lab.must(MAKE)
    before = lab.must(LOOK)
    done = lab.vfiotui("--root /small apply cmdline.add=iommu=pt --yes")
    assert done.code == 0, done.all
    assert "iommu=pt" in lab.must("cat /small/boot/loader/entries/small.conf")
    assert lab.must(LOOK) != before
    lab.must(undo)
    assert lab.must(LOOK) == before
    lab.must("umount /small/boot && rm -rf /small /esp.img")

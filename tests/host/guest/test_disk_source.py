"""What a path holds that shall be a guest's disk: by its first bytes, its links, and what this host does with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.trees import Link, folder_root
from vfiotui.host.guest.disk_source import format_of, read
from vfiotui.host.pci.block_claims import claims, signs
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.guest.disk_source import BLOCK, FILE, OTHER, DiskSource

BASE = {
    "/proc/mounts": "/dev/vda1 / ext4 rw 0 0\n",
    "/proc/swaps": "Filename Type Size Used Priority\n",
    "/dev/sdb": "",
    "/sys/class/block/sdb/dev": "8:16\n",
}


def source(root: Root, path: str) -> DiskSource:
    found = read(root, path)
    assert isinstance(found, DiskSource), found
    return found


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"QFI\xfb\0\0\0\3", "qcow2"), (b"KDMV\1\0", "vmdk"), (b"vhdxfile", "vhdx"), (b"LUKS\xba\xbe\0\1", "luks"),
        (bytes(64) + b"\x7f\x10\xda\xbe", "vdi"), (b"", "raw"), (b"QFI", "raw"), (bytes(512), "raw"),
        (b"\xff" * 1024, "raw"),
    ],
)  # fmt: skip
def test_an_image_is_known_by_its_first_bytes(head: bytes, name: str, tmp_path: Path) -> None:
    assert format_of(head) == name
    (tmp_path / "x.img").write_bytes(head)
    found = source(Root.mounted(str(tmp_path)), "/x.img")
    assert (found.kind, found.format, found.size, found.users) == (FILE, name, len(head), ())


def test_a_large_sparse_image_is_looked_at_by_its_beginning(tmp_path: Path) -> None:
    with (tmp_path / "x.img").open("wb") as file:
        file.write(b"QFI\xfb")
        file.truncate(1 << 40)
    found = source(Root.mounted(str(tmp_path)), "/x.img")
    assert (found.format, found.size) == ("qcow2", 1 << 40)


def test_what_is_no_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").symlink_to("../../../../etc/passwd")
    (tmp_path / "loop").symlink_to("loop")
    root = Root.mounted(str(tmp_path))
    assert source(root, "/folder").kind == source(root, "/pipe").kind == OTHER
    for name in ("/gone", "/out", "/loop"):
        found = read(root, name)
        assert isinstance(found, Unread) and (found.why is Why.ABSENT or name == "/loop")


def test_an_image_that_a_loop_device_shows_is_in_use(tmp_path: Path) -> None:
    tree = {
        "/srv/x.img": "x",
        "/srv/link.img": Link("/srv/x.img"),
        "/sys/class/block/loop3/loop/backing_file": "/srv/x.img\n",
    }
    root = folder_root(tmp_path, tree)
    assert source(root, "/srv/x.img").users == source(root, "/srv/link.img").users == ("the disk of /dev/loop3",)


def test_tables_of_another_kind_claim_nothing(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("", "\0\0\0", "x" * 100_000, "UUID=../../dev/sdb /x ext4\n", "LABEL= /x ext4\n/dev/sdb\n")
    ):
        folder = tmp_path / str(number)
        root = folder_root(folder, {**BASE, "/etc/fstab": text, "/etc/crypttab": text, "/run/udev/data/b8:16": text})
        found = source(root, "/dev/sdb")
        assert (found.kind, found.users, found.signs) == (BLOCK, (), ())


def test_a_damaged_file_of_udev_is_no_sign_and_a_whole_one_is(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {**BASE, "/run/udev/data/b8:16": "S:disk/x\r\nE:ID_FS_TYPE=linux_raid_member\r\nE:\n"})
    family = frozenset({"/dev/sdb"})
    assert signs(root, family) == ("sdb: linux_raid_member",) and claims(root, family) == ()

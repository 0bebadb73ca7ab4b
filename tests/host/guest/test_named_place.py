"""What a goal learns of a path that it names: nothing, a file, a device in use; never a guess."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.trees import Link, folder_root
from vfiotui.host.guest.named_place import read
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why


def test_a_path_of_a_mounted_disk(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/img/a.qcow2": b"x" * 9, "/img/b.qcow2": Link("a.qcow2"), "/img/gone": Link("none")})
    root.mode = Mode.ROOT
    there = read(root, "/img/b.qcow2")
    assert there.is_file and there.real == "/img/a.qcow2" and not there.is_absent
    for path in ("/img/c.qcow2", "/other/deep/c.qcow2"):
        free = read(root, path)
        assert free.is_absent and free.free_bytes == pytest.approx(os.statvfs(tmp_path).f_bavail * 4096, rel=0.2)
    assert not read(root, "/img").is_file and not read(root, "/img").is_absent
    assert read(root, "/img/a.qcow2/x").free_bytes is not None


def test_a_capture_does_not_show_the_room(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/img/a": "", "/proc/mounts": ""})
    root.mode = Mode.CAPTURE
    room = read(root, "/img/c").free_bytes
    assert isinstance(room, Unread) and room.why is Why.NOT_HERE


def test_a_path_that_is_none_is_unread() -> None:
    assert isinstance(read(Root.live(), "/x\0y").state, Unread)
    assert not read(Root.live(), "/x\0y").is_absent

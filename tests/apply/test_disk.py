"""How a file is put into place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from vfiotui.apply.writes.disk import Meta, put_file
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.walk import Top


def test_a_file_is_made_durable_under_its_new_name_before_the_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On FAT a renamed file's first cluster and size reach the disk with the file's own fsync only."""
    calls: list[str] = []
    fsync, rename = os.fsync, os.rename

    def note_fsync(fd: int) -> None:
        calls.append(f"fsync {os.readlink(f'/proc/self/fd/{fd}')}")
        fsync(fd)

    def note_rename(*names: Any, **folders: Any) -> None:
        calls.append("rename")
        rename(*names, **folders)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    place, partial = tmp_path / "small.conf", tmp_path / ".partial"
    place.write_text("old")
    put_file(Place(Top(str(tmp_path)), "/small.conf"), b"new", Meta(0o600, os.getuid(), os.getgid()), partial.name)
    assert calls == [f"fsync {partial}", "rename", f"fsync {place}", f"fsync {tmp_path}"]
    assert place.read_text() == "new" and not partial.exists()

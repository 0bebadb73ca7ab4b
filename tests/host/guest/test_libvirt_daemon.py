"""Whether a daemon can be asked shows in its sockets, of one daemon for all and of the one for QEMU."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from vfiotui.host.guest.libvirt_daemon import FOLDERS, SOCKETS, listens
from vfiotui.host.root.root import Root


@pytest.mark.parametrize("name", SOCKETS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_socket_shows_that_a_daemon_listens(folder: str, name: str, tmp_path: Path) -> None:
    place = tmp_path / folder.lstrip("/")
    place.mkdir(parents=True)
    assert not listens(Root.mounted(str(tmp_path)))
    # The path of a socket has 107 bytes at most, and that of a test may be longer.
    fd = os.open(place, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{fd}/{name}")
            assert listens(Root.mounted(str(tmp_path)))
    finally:
        os.close(fd)


@pytest.mark.parametrize("name", ["virtqemud-admin-sock", "virtlogd-sock", "virtnetworkd-sock"])
def test_sockets_of_other_daemons_tell_of_no_guests(name: str, tmp_path: Path) -> None:
    (tmp_path / "run/libvirt").mkdir(parents=True)
    (tmp_path / "run/libvirt" / name).touch()
    assert not listens(Root.mounted(str(tmp_path)))

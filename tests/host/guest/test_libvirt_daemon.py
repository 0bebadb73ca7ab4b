"""Whether libvirt's daemon can be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfiotui.host.guest.libvirt_daemon import listens
from vfiotui.host.root.root import Root


@pytest.mark.parametrize("socket", ["libvirt-sock", "libvirt-sock-ro", "virtqemud-sock"])
def test_any_socket_of_the_daemons_is_enough(tmp_path: Path, socket: str) -> None:
    (tmp_path / "run/libvirt").mkdir(parents=True)
    root = Root.mounted(str(tmp_path))
    assert not listens(root)
    (tmp_path / "run/libvirt/virtlogd-sock").touch()
    assert not listens(root)
    (tmp_path / "run/libvirt" / socket).touch()
    assert listens(root)


def test_what_cannot_be_seen_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("run")
    assert listens(Root.mounted(str(tmp_path)))

"""The running console beside a real libvirtd: a guest's whole life, the daemon's death and its return."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon

pytestmark = [pytest.mark.needs_tmux, pytest.mark.needs_libvirtd]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    real = Daemon()
    real.start()
    yield real
    real.stop()


def test_what_happens_to_a_guest_is_seen_without_a_key(daemon: Daemon) -> None:
    with Tmux("--connect", daemon.uri, columns=120, lines=30, term="tmux-256color") as terminal:
        terminal.shows("libvirt ok 0/0 running")
        terminal.send("6")
        terminal.shows("no guest is defined")
        daemon.define("game")
        terminal.shows("game", "shut off", "2 vCPUs not pinned")
        daemon.virsh("start", "game")
        terminal.shows("libvirt ok 1/1 running", "running")
        daemon.virsh("vcpupin", "game", "1", "0", "--live")
        terminal.until(lambda s: "2 vCPUs not pinned" not in s, "the pin")
        terminal.send("5")
        terminal.shows("game", "v0", "v1", "emu")
        terminal.send("6")
        daemon.kill()
        terminal.shows("libvirt lost", "it is tried again", "game")
        daemon.start()
        screen = terminal.shows("libvirt ok 1/1 running", "game")
        assert "not pinned" not in screen, "the pin was kept"
        daemon.virsh("destroy", "game")
        terminal.shows("libvirt ok 0/1 running", "shut off")
        daemon.virsh("undefine", "game")
        terminal.shows("no guest is defined")
        terminal.send("q")
        terminal.shows("ended with 0")

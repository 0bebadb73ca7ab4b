"""A change outlives the console that started it, and the next console shows it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.apply.systems import disk
from tests.tui.changing import gated_system, mend_by_keys, open_first_change, open_gate, states
from tests.tui.tmux import Tmux
from vfiotui.model.change.journal import State

pytestmark = [
    pytest.mark.needs_tmux,
    pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root"),
]
SMALL = {"columns": 80, "lines": 24, "term": "linux"}
WIDE = {"columns": 160, "lines": 50, "term": "tmux-256color"}


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24 linux", "160x50"])
def test_killing_the_console_does_not_end_the_change(size: dict[str, object], tmp_path: Path) -> None:
    root = gated_system(tmp_path)
    before = disk(tmp_path)
    with Tmux("--root", str(tmp_path), **size) as terminal:  # type: ignore[arg-type]
        mend_by_keys(terminal)
        terminal.shows("applying", "the menu is being built [bold] \\x1b[2J")
        os.kill(terminal.console_pid(), signal.SIGKILL)
        terminal.shows("ended with 137")
    # The terminal is gone too, with everything that ran in its sessions.
    assert states(root) == [State.APPLYING]
    with Tmux("--root", str(tmp_path), **size) as terminal:  # type: ignore[arg-type]
        open_first_change(terminal)
        terminal.shows("at work", "the menu is being built [bold] \\x1b[2J")
        open_gate(tmp_path)
        terminal.shows("state     done", "the menu is there")
        assert "amd_iommu" not in (tmp_path / "boot/grub/grub.cfg").read_text()
        terminal.send("u")
        terminal.shows("Taking back")
        terminal.send("u")
        terminal.shows("type y")
        terminal.send("y")
        terminal.shows("state     undone")
        terminal.send("q")
    assert states(root) == [State.UNDONE] and disk(tmp_path) == before

"""What the console asks of the kernel while nothing changes, seen from outside: nothing is opened, nothing written."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.requirements import need
from tests.tui.tmux import Tmux

pytestmark = pytest.mark.needs_tmux
SECONDS = "4"


def calls(pid: int, log: Path) -> list[str]:
    """The system calls of some seconds."""
    strace = need("strace", "strace")
    subprocess.run(
        ["timeout", SECONDS, strace, "-f", "-qq", "-o", str(log), "-p", str(pid)], capture_output=True, timeout=60
    )
    return log.read_text(errors="replace").splitlines()


def named(lines: list[str], name: str) -> list[str]:
    return [line for line in lines if re.search(rf"\b{name}\(", line)]


def painted(lines: list[str]) -> list[str]:
    """Writes to the terminal."""
    return [line for line in named(lines, "write") if r"\33[" in line]


def calls_of_silence(pid: int, log: Path) -> list[str]:
    """The same once nothing is drawn: the start draws to its end, and the own cost is told once in a minute."""
    for _ in range(3):
        if not painted(lines := calls(pid, log)):
            break
    return lines


@pytest.mark.parametrize("keys", [(), ("5", "p")], ids=["Host", "Live paused"])
def test_a_console_in_which_nothing_changes_is_silent(keys: tuple[str, ...], tmp_path: Path) -> None:
    with Tmux("--demo", columns=120, lines=40, term="tmux-256color") as terminal:
        terminal.shows("GROUP-FOREIGN")
        for key in keys:
            terminal.send(key)
            terminal.shows("win10" if key == "5" else "paused")
        terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
        lines = calls_of_silence(terminal.console_pid(), tmp_path / "log")
    assert named(lines, "openat") == []
    assert painted(lines) == []
    assert len(lines) < 60, "it sleeps"


def test_live_opens_nothing_and_writes_once_a_sample(tmp_path: Path) -> None:
    with Tmux("--demo", columns=120, lines=40, term="tmux-256color") as terminal:
        terminal.shows("GROUP-FOREIGN")
        terminal.send("5")
        terminal.shows("v7   21")
        terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
        lines = calls(terminal.console_pid(), tmp_path / "log")
    assert named(lines, "openat") == []
    assert 1 <= len(painted(lines)) <= 2 * int(SECONDS) + 2

"""Where the console draws, in which encoding, and in which colours."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.tui.terminal.pty_console import PtyConsole
from vfiotui.tui.actions import TABS

SIGN = "Group 14 of this card"
WHOLE = ("DEMO", "libvirt ok 1/3 running", "no changes pending", SIGN, "q quit")


def leaves(terminal: PtyConsole) -> None:
    terminal.send(b"q")
    assert terminal.ends() == 0
    terminal.is_itself_again()
    assert terminal.unknown == []


def shown(terminal: PtyConsole) -> None:
    """Every screen, its help, and the palette, once each."""
    terminal.shows("DEMO", SIGN)
    for key, _, word in TABS:
        terminal.send(key.encode())
        terminal.until(lambda s, w=word: w in s, word)
        terminal.settled(0.1)
    terminal.send(b"?")
    terminal.shows(" help  Changes")
    terminal.send(b"\x1b")
    terminal.until(lambda s: " help  Changes" not in s, "the help is left")
    terminal.send(b":")
    terminal.shows("go to Host")
    terminal.send(b"\x1b")
    terminal.until(lambda s: "go to Host" not in s, "the palette is left")


@pytest.mark.parametrize("draw", ["private", "public"])
def test_a_standard_error_that_is_no_terminal_gets_no_picture(draw: str, tmp_path: Path) -> None:
    errors = tmp_path / "err.log"
    with PtyConsole(
        "--demo", stderr=errors, env={"LANG": "C.UTF-8", "TERM": "xterm", "VFIOTUI_DRAW": draw}
    ) as terminal:
        terminal.shows("DEMO", SIGN)
        leaves(terminal)
    assert errors.read_bytes() == b""


def test_a_fault_is_still_a_sentence_on_standard_error(tmp_path: Path) -> None:
    broken = "from vfiotui.tui.screens.host.screen import HostScreen as H; H.draw = lambda *_: 1 // 0"
    program = (sys.executable, "-c", f"{broken}; from vfiotui.cli.main import main; raise SystemExit(main())")
    errors = tmp_path / "err.log"
    env = {"LANG": "C.UTF-8", "TERM": "xterm", "TMPDIR": str(tmp_path)}
    with PtyConsole("--demo", stderr=errors, env=env, program=program) as terminal:
        assert terminal.ends() == 1
        terminal.is_itself_again()
    assert errors.read_text().startswith("vfiotui: the console ended because of a fault of its own")


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_a_standard_descriptor_that_is_closed_is_no_fault(descriptor: int, tmp_path: Path) -> None:
    """Without the second one nothing can be drawn, without the first one no key comes: the report takes its place."""
    program = ("sh", "-c", f'exec "$@" {descriptor}>&-', "sh", sys.executable, "-m", "vfiotui")
    env = {"LANG": "C.UTF-8", "TERM": "xterm", "TMPDIR": str(tmp_path)}
    with PtyConsole("--demo", env=env, program=program) as terminal:
        if descriptor == 2:
            terminal.shows("DEMO", SIGN)
            leaves(terminal)
        else:
            assert terminal.ends() == 1
            assert "fault" not in terminal.text and "Traceback" not in terminal.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "xterm-256color"},
        {"TERM": "linux", "LC_ALL": "POSIX"},
        {"TMUX": "/tmp/x,1,0", "LANG": "C"},
    ],
    ids=["unset", "linux", "no TERM in tmux"],
)
def test_where_the_locale_is_not_utf8_no_other_byte_than_ascii_is_written(env: dict[str, str]) -> None:
    with PtyConsole("--demo", size=(100, 30), env=env) as terminal:
        shown(terminal)
        leaves(terminal)
        assert re.findall(rb"[\x80-\xff]", terminal.raw) == []


def test_hostile_names_keep_their_cells_in_ascii() -> None:
    with PtyConsole("--demo", "--machine", "hostile", size=(100, 30), env={"TERM": "xterm", "LANG": "C"}) as terminal:
        terminal.shows("x [/dev/vfio/1] [AMD] \\x1b[2J")
        for key, _, word in TABS:
            terminal.send(key.encode())
            terminal.until(lambda s, w=word: w in s, word)
            terminal.settled(0.1)
        leaves(terminal)
        assert bytes(terminal.raw).isascii()


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_the_encoding_of_pythons_streams_does_not_change_the_picture(encoding: str) -> None:
    env = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with PtyConsole("--demo", env=env) as terminal:
        terminal.shows(*WHOLE)
        right = terminal.settled().partition("\n")[2]  # Above it stands what the console itself costs.
    with PtyConsole("--demo", env=env | {"PYTHONIOENCODING": encoding}) as terminal:
        terminal.until(lambda s: s.partition("\n")[2] == right, "the same picture")
        leaves(terminal)


@pytest.mark.parametrize("term", ["alacritty", "xterm"])
def test_where_16_colours_arrive_the_theme_is_made_for_them(term: str) -> None:
    with PtyConsole("--demo", size=(100, 30), env={"TERM": term, "LANG": "C.UTF-8"}) as terminal:
        terminal.shows(*WHOLE)
        terminal.settled()
        cells = [cell for line in terminal.screen.buffer.values() for cell in line.values()]
        hexadecimal = {c.fg for c in cells if re.fullmatch("[0-9a-f]{6}", c.fg)}
        assert bool(hexadecimal) == (term == "alacritty")
        assert len({c.fg for c in cells}) >= 3, "marks differ by their colours"
        leaves(terminal)

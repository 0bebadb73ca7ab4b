"""Every name of a terminal, every kind of locale, every size: all screens are drawn, and the terminal is given back."""

from __future__ import annotations

import pytest

from tests.tui.terminal.matrix import LOCALES, SIGNS, SIZES, TERMS, Kind, each, problems
from tests.tui.terminal.pty_console import PtyConsole
from vfiotui.tui.terminal.capabilities import DUMB


@pytest.mark.parametrize("kind", list(each()), ids=lambda k: k.term or "unset")
def test_all_screens_are_drawn_and_the_terminal_is_given_back(kind: Kind) -> None:
    assert problems(kind) == []


def test_each_value_is_tried() -> None:
    kinds = list(each())
    assert len({k.term for k in kinds}) == len(TERMS) >= 25
    assert {k.env for k in kinds} == {tuple(env.items()) for env in LOCALES}
    assert {k.size for k in kinds} == set(SIZES)


@pytest.mark.parametrize("term", DUMB)
def test_a_terminal_that_cannot_move_its_cursor_gets_the_report(term: str) -> None:
    with PtyConsole("--demo", env={"TERM": term, "LANG": "C"}) as terminal:
        assert terminal.ends() == 1
        assert "'vfiotui explain CODE'" in terminal.text and b"\x1b[?" not in terminal.raw
        terminal.is_itself_again()


@pytest.mark.parametrize(
    ("term", "drawn"),
    [
        ("linux", "'\\033[5;5H\u2717'"),
        ("vt100", "'\\033[5;5H\u2502'"),
        ("xterm", "'\\033[5;5H[?2026'"),
        ("xterm", "'\\033[5;5H\\\\x1b'"),
        ("xterm", "'\\033[5;75Hfar too long'"),
        ("xterm", r"'\033[1;1H      \033[5;5HDEMO'"),
        ("xterm", "'\\033[?1003h'"),
    ],
    ids=["no glyph of its font", "no ASCII", "a sequence", "an escape", "too wide", "status line", "mouse"],
)
def test_the_judge_sees_what_is_garbled(term: str, drawn: str) -> None:
    """A screen of the console's own lines, and one thing in it that is wrong."""
    kind = Kind(term, (("LANG", "C.UTF-8"),), (80, 24))
    assert problems(kind, stand_in("''")) == []
    assert problems(kind, stand_in(drawn)) != []


def stand_in(drawn: str) -> tuple[str, ...]:
    """A program that draws what stands on all screens, something more, and leaves at q."""
    begin = r"\033[?1049h\033[?7l\033[1;1H DEMO\033[2;1H 1 Host \033[3;1H"
    script = rf"""
        before=$(stty -g); stty raw -echo; printf '{begin}{" ".join(SIGNS.values())}\033[24;1Hq quit'; printf {drawn}
        while [ "$(dd bs=1 count=1 2>/dev/null)" != q ]; do :; done
        printf '\033[?7h\033[?1049l'; stty "$before"
    """
    return ("sh", "-c", script)

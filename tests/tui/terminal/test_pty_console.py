"""The pseudo terminal that tests use draws what a terminal draws."""

from __future__ import annotations

import pytest

from tests.tui.terminal.pty_console import PtyConsole


def test_it_shows_the_second_page_and_the_first_one_again() -> None:
    page = r"\033[?1049h\033[2;3Hpage\033[>31u\033[?2026$p\033[<u"
    script = rf"printf 'before{page}'; read -r x; printf '\033[?1049l'"
    with PtyConsole(program=("sh", "-c", script)) as terminal:
        terminal.shows("page")
        assert terminal.text.strip() == "page" and terminal.lines[1][2:6] == "page"
        terminal.send(b"\n")
        assert terminal.ends() == 0
        assert terminal.text.split() == ["before"] and terminal.unknown == []
        terminal.is_itself_again()


@pytest.mark.parametrize("left", ["\\033[?1049h", "\\033[?1003h", "\\033[?25l", "\\033[?2004h"])
def test_it_sees_what_a_program_leaves_behind(left: str) -> None:
    with PtyConsole(program=("sh", "-c", f"printf '{left}'")) as terminal:
        terminal.ends()
        with pytest.raises(AssertionError):
            terminal.is_itself_again()


def test_it_sees_a_line_discipline_that_is_left_raw() -> None:
    with PtyConsole(program=("sh", "-c", "stty raw -echo")) as terminal:
        terminal.ends()
        with pytest.raises(AssertionError):
            terminal.is_itself_again()


def test_a_sequence_that_comes_in_pieces_is_one() -> None:
    with PtyConsole(program=("true",)) as terminal:
        for piece in (b"\x1b", b"[", b"2;", b"5Hx\x1b]11;?", b"\x1b", b"\\y"):
            terminal._draw(piece)
        assert terminal.lines[1].strip() == "xy" and terminal.unknown == []


def test_the_console_draws_and_leaves() -> None:
    with PtyConsole("--demo") as terminal:
        terminal.shows("DEMO", "Group 14 of this card")
        terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()
        assert terminal.unknown == []

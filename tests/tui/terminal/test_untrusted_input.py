"""Answers that nobody asked for, answers that come late, and pastes without an end, in a real console."""

from __future__ import annotations

import sys

import pytest

from tests.tui.terminal.pty_console import PtyConsole

ANSWERS = {
    "primary attributes": b"\x1b[?62;4;22c",
    "secondary attributes": b"\x1b[>41;390;0c",
    "tertiary attributes": b"\x1bP!|7E7E4B44\x1b\\",
    "attributes in 8 bits": b"\x9b?62;4;22c",
    "version": b"\x1bP>|XTerm(390)q\x1b\\",
    "capability": b"\x1bP1+r544e=787465726d\x1b\\",
    "setting": b"\x1bP1$r0;4m\x1b\\",
    "background": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "palette, ended by BEL": b"\x1b]4;1;rgb:cdcd/0000/0000\x07",
    "clipboard": b"\x1b]52;c;" + b"cXVpdDM2" * 900 + b"\x1b\\",
    "title": b"\x1b]lqe36 \xe2\x9c\x9c\x1b\\",
    "graphics": b"\x1b_Gi=31;OK\x1b\\",
    "privacy message": b"\x1b^q36\x1b\\",
    "start of string": b"\x1bXq36\x1b\\",
    "keyboard flags": b"\x1b[?0u",
    "size in cells": b"\x1b[8;50;160t",
    "size in the other way": b"\x1b[48;50;160;800;1600t",
    "cursor": b"\x1b[5;10R",
    "status": b"\x1b[0n",
    "dark mode": b"\x1b[?997;1n",
    "mode": b"\x1b[?2048;1$y",
    "mode of ANSI": b"\x1b[4;2$y",
    "an old mouse of rxvt": b"\x1b[32;5;6M",
}
LATE = "from vfiotui.tui.terminal import fence; fence.FIRST = fence.LEAST = fence.MOST = 60.0"
"""For a busy machine: answers are waited for as long as the test may take."""
CONSOLE = "from vfiotui.cli.main import main; raise SystemExit(main())"
SHELL = """"$@" 2>&1; stty -icanon -echo min 0 time 3; printf 'the shell got <%s>' "$(od -An -c | tr -d '\\n ')\""""
"""A shell that shows what it is typed after the console has ended."""


def behind_a_shell(program: str) -> tuple[str, ...]:
    return ("sh", "-c", SHELL, "sh", sys.executable, "-c", program, "--demo")


def test_no_answer_is_a_key() -> None:
    """On Pin letters edit: each answer whole, then divided by a pause; then a key that must count."""
    with PtyConsole("--demo", size=(120, 40)) as terminal:
        terminal.shows("DEMO", "libvirt ok 1/3 running", "no changes pending")
        terminal.send(b"3")
        terminal.shows("emulator", "propose", "q quit")
        terminal.settled()
        before = terminal.lines[1:]  # Above them stands what the console itself costs.
        for name, answer in ANSWERS.items():
            for pieces in ((answer,), (answer[: len(answer) // 2], answer[len(answer) // 2 :])):
                for piece in pieces:
                    terminal.send(piece)
                    terminal.settled(0.15)
                assert terminal.lines[1:] == before, name
        terminal.send(b"6")
        terminal.shows("shut off")
        terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()


@pytest.mark.parametrize("key", [b"\x11", b"\x1b", b"\x1b[113;5u"], ids=["ctrl+q", "escape", "ctrl+q of kitty"])
def test_a_paste_without_an_end_gives_the_keys_back(key: bytes) -> None:
    with PtyConsole("--demo") as terminal:
        terminal.shows("DEMO", "libvirt ok 1/3 running", "no changes pending")
        terminal.send(b"\x1b[200~quit\x11q")
        terminal.settled(0.5)
        assert terminal.alive
        terminal.send(key)
        if key == b"\x1b":
            terminal.settled(0.3)
            terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()


def test_an_answer_that_comes_after_quitting_does_not_reach_the_shell() -> None:
    with PtyConsole(program=behind_a_shell(f"{LATE}; {CONSOLE}")) as terminal:
        terminal.until(lambda _: b"\x1b[c" in terminal.raw, "the question")
        terminal.shows("DEMO")
        terminal.send(b"q")
        terminal.until(lambda _: b"\x1b[?1003l" in terminal.raw, "leaving")
        terminal.settled(0.2)
        assert "the shell got" not in terminal.text
        terminal.send(b"\x1b[?2026;2$y\x1b[?20")
        terminal.settled(0.2)
        terminal.send(b"48;0$y\x1b[?62;22c")
        assert terminal.ends() == 0
        assert "the shell got <>" in terminal.text


def test_the_last_reports_of_the_mouse_do_not_reach_the_shell() -> None:
    def answer(data: bytes) -> bytes:
        reports = b"\x1b[<35;10;10M\x1b[<35;11;10M" if b"\x1b[?1003l" in data else b""
        return reports + b"\x1b[?62;22c" * data.count(b"\x1b[c")

    with PtyConsole(program=behind_a_shell(f"{LATE}; {CONSOLE}"), answer=answer) as terminal:
        terminal.shows("DEMO", "libvirt ok 1/3 running", "no changes pending")
        terminal.send(b"q")
        assert terminal.ends() == 0
        assert "the shell got <>" in terminal.text
        assert terminal.raw.count(b"\x1b[c") == 2


def test_a_terminal_that_answers_nothing_is_left_all_the_same() -> None:
    with PtyConsole("--demo") as terminal:
        terminal.until(lambda _: b"\x1b[c" in terminal.raw, "the question")
        terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()

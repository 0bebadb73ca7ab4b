"""A terminal that does not know its size, has an absurd one, or changes it all the time."""

from __future__ import annotations

import os
import pty
import random
import signal
import termios
from collections.abc import Iterator

import pytest

from tests.tui.terminal.pty_console import PtyConsole
from vfiotui.tui.terminal import size

UTF8 = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


@pytest.fixture
def line() -> Iterator[int]:
    """A pseudo terminal."""
    ours, theirs = pty.openpty()
    yield theirs
    os.close(ours)
    os.close(theirs)


@pytest.fixture(autouse=True)
def nothing_exported() -> Iterator[None]:
    yield
    size.take_exported({})


@pytest.mark.parametrize(
    ("lines", "columns", "exported", "found"),
    [
        (40, 120, {}, (120, 40)),
        (40, 120, {"COLUMNS": "99", "LINES": "33"}, (120, 40)),
        (0, 0, {}, (80, 24)),
        (0, 0, {"COLUMNS": "132", "LINES": "43"}, (132, 43)),
        (0, 0, {"COLUMNS": "0", "LINES": "-5"}, (80, 24)),
        (0, 0, {"COLUMNS": "9" * 30, "LINES": "x"}, (80, 24)),
        (0, 0, {"COLUMNS": "\u0661\u0662\u0663"}, (80, 24)),
        (0, 90, {"LINES": "50"}, (90, 50)),
        (30, 0, {}, (80, 30)),
        (65535, 65535, {}, (80, 24)),
        (1, 1, {}, (1, 1)),
    ],
)
def test_the_size_is_one_that_can_be_drawn(
    line: int, lines: int, columns: int, exported: dict[str, str], found: tuple[int, int]
) -> None:
    env = dict(exported)
    size.take_exported(env)
    assert env == {}, "the libraries that draw would believe it"
    termios.tcsetwinsize(line, (lines, columns))
    assert tuple(size.terminal_size(line)) == found


def test_where_there_is_no_terminal_it_is_that_of_a_vt100() -> None:
    reader, writer = os.pipe()
    assert tuple(size.terminal_size(reader, writer, 999)) == (80, 24)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    ("given", "exported"), [((0, 0), {}), ((80, 0), {}), ((0, 24), {}), ((65535, 65535), {}), ((0, 0), {"LINES": "30"})]
)
def test_the_console_draws_whatever_the_size_is_and_takes_the_next_one(
    given: tuple[int, int], exported: dict[str, str]
) -> None:
    with PtyConsole("--demo", size=given, env={**UTF8, **exported}) as terminal:
        terminal.screen.resize(int(exported.get("LINES", "24")), 80)
        terminal.shows("DEMO", "libvirt ok 1/3 running", "Group 14")
        terminal.until(lambda _: "help" in terminal.lines[-1], "the keys on the last line")
        terminal.resize(100, 35)
        terminal.until(lambda _: "help" in terminal.lines[34], "the new size")
        terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()


@pytest.mark.parametrize("given", [(0, 0), (1, 1), (2, 400), (79, 24)])
def test_sigterm_ends_it_in_every_size(given: tuple[int, int]) -> None:
    with PtyConsole("--demo", size=given) as terminal:
        terminal.until(lambda _: b"\x1b[c" in terminal.raw, "it has begun")
        terminal.settled()
        terminal.signal(signal.SIGTERM)
        assert terminal.ends() == 0
        terminal.is_itself_again()


@pytest.mark.parametrize("seed", range(3))
def test_sizes_that_change_while_it_begins_do_not_hold_it_up(seed: int) -> None:
    chance = random.Random(seed)
    with PtyConsole("--demo", size=(100, 30)) as terminal:
        terminal.until(lambda _: b"\x1b[c" in terminal.raw, "it has begun")
        for _ in range(40):
            terminal.resize(chance.choice((80, 90, 100, 120, 200)), chance.choice((24, 25, 30, 40, 50)))
            terminal.step(chance.choice((0.001, 0.005, 0.01, 0.02)))
        terminal.resize(111, 33)
        terminal.until(lambda _: "help" in terminal.lines[32] and "DEMO" in terminal.lines[0], "the last size")
        terminal.send(b"q")
        assert terminal.ends() == 0

"""What is written to the terminal arrives whole and in order, and nobody waits for a terminal that takes nothing."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator

import pytest

from vfiotui.tui.terminal.writer import PromptWriter

Terminal = tuple[int, PromptWriter]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The terminal's end of a pseudo terminal, and the writer at the other."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    with os.fdopen(theirs, "w", encoding="utf-8") as file:
        writer = PromptWriter(file)
        yield ours, writer
        writer.stop()
    os.close(ours)


def taken(ours: int, count: int) -> bytes:
    """So many bytes, as they come."""
    found = b""
    while len(found) < count and select.select([ours], [], [], 10)[0]:
        found += os.read(ours, 1 << 16)
    return found


def test_a_terminal_that_keeps_up_needs_no_thread(terminal: Terminal) -> None:
    ours, writer = terminal
    for i in range(50):
        writer.write(f"\x1b[{i};1H▁▂ {i}")
        assert taken(ours, 1) == f"\x1b[{i};1H▁▂ {i}".encode()
    assert not writer.is_alive()


def test_what_a_slow_terminal_does_not_take_comes_later_in_order(terminal: Terminal) -> None:
    ours, writer = terminal
    pieces = [f"{i}:" + "█" * (3000 * i) + "\n" for i in range(20)]
    for piece in pieces:  # Nobody reads meanwhile: this returns all the same.
        writer.write(piece)
    whole = "".join(pieces).encode()
    assert writer.is_alive()
    assert taken(ours, len(whole)) == whole
    writer.write("and on")
    assert taken(ours, 6) == b"and on"


def test_what_the_encoding_lacks_is_no_error(terminal: Terminal) -> None:
    ours, writer = terminal
    writer.write("a\udcffb")
    assert taken(ours, 8) == b"a\\udcffb"


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as file:
        writer = PromptWriter(file)
        os.close(ours)
        for _ in range(100):
            writer.write("nobody reads this")
        writer.stop()
    assert not writer.is_alive()


def test_where_the_terminal_cannot_be_opened_the_thread_writes_all() -> None:
    reader, end = os.pipe()
    with os.fdopen(end, "w", encoding="utf-8") as file:
        writer = PromptWriter(file)
        writer.write("one ")
        writer.write("two")
        writer.stop()
    assert os.read(reader, 100) == b"one two"
    os.close(reader)


def test_what_comes_after_is_not_written_before_what_the_thread_still_has(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, writer = terminal
    real, go = os.write, threading.Event()

    def write(fd: int, data: bytes) -> int:
        if threading.current_thread() is writer:
            assert go.wait(60)
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    pieces = ["first" + "▁" * 60_000, "second", "third"]
    writer.write(pieces[0])
    assert writer.is_alive(), "more than the terminal takes: the thread has the rest, and is held up"
    whole = "".join(pieces).encode()
    found = b""
    while select.select([ours], [], [], 0)[0]:
        found += os.read(ours, 1 << 16)
    # The terminal would take these at once now.
    writer.write(pieces[1])
    writer.write(pieces[2])
    go.set()
    assert found + taken(ours, len(whole) - len(found)) == whole

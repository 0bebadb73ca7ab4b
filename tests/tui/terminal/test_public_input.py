"""Where the door to Textual's private parts is shut, no byte that a terminal sends ends the console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from tests.tui.terminal.pty_console import PtyConsole
from tests.tui.terminal.test_other_textual import other_textual
from vfiotui.tui.terminal import sequences
from vfiotui.tui.terminal.public_input import CleanReader, clean_driver

NOISE = {
    "all bytes beyond ASCII": bytes(range(0x80, 0x100)),
    "a character that is cut": "日".encode()[:2],
    "the mouse of X10": b"\x1b[M\xff\xfe\xfd\x1b[M\x20\x80\x9f",
    "a binary paste": b"\x1b[200~" + bytes(range(256)).replace(b"\x1b", b"") + b"\x1b[201~",
    "a paste that no terminal marks": bytes(range(0x80, 0x100)) * 8,
    "numbers that are no character": b"\x1b[99999999u\x1b[1114112;5u\x1b[55296u\x1b[97:65;2u\x1b[99999999Q",
    "control strings": b"\x1b]52;c;\xff\xfe\x07\x1bP\xff\x1b\\\x9d\xff\x9c",
    "an answer": b"\x1b[?62;22c",
}


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_what_is_read_is_text_that_the_parser_knows(noise: bytes, ends: tuple[int, int]) -> None:
    from textual._xterm_parser import XTermParser

    read, write = ends
    os.write(write, noise)
    os.close(write)
    text = CleanReader().read(read, 4096).decode("utf-8")
    parser = XTermParser()
    assert all(str(event) for event in parser.feed(text))


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        (b"a", b"a"),
        ("é日".encode(), "é日".encode()),
        (b"\x1b", b"\x1b"),
        (b"\x1b[A", b"\x1b[A"),
        (b"\x1b[M !!", b"\x1b[<0;1;1M"),
        (b"\x1b[200~a\xff\r\n\x1b[201~", "\x1b[200~a\ufffd\n\x1b[201~".encode()),
        (b"\x1b[200~lost", b""),
    ],
    ids=repr,
)
def test_keys_come_through_and_an_end_that_is_lost_holds_nothing_up(
    typed: bytes, read_as: bytes, ends: tuple[int, int]
) -> None:
    read, write = ends
    os.write(write, typed)
    assert CleanReader().read(read, 4096) == read_as
    os.close(write)


def test_a_terminal_that_is_gone_is_empty() -> None:
    read, write = os.pipe()
    os.close(write)
    assert CleanReader().read(read, 4096) == b""
    os.close(read)
    assert CleanReader().read(read, 4096) == b""


@pytest.mark.parametrize("number", ["55296", "57343", "1114112", "9" * 20])
def test_no_number_beyond_unicode_is_a_key(number: str) -> None:
    assert not sequences.is_key(f"\x1b[{number}u") and sequences.is_key("\x1b[57358u")


def test_only_a_driver_of_a_terminal_is_changed_and_begins_anew_after_a_fault() -> None:
    assert clean_driver(HeadlessDriver) is HeadlessDriver
    faults: list[Exception] = [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), OverflowError()]

    class Ends(LinuxDriver):
        def run_input_thread(self) -> None:
            if faults:
                raise faults.pop()

    kind = clean_driver(Ends)
    assert issubclass(kind, Ends)
    kind.run_input_thread(object.__new__(kind))  # type: ignore[attr-defined]
    assert faults == []


@pytest.mark.parametrize("how", ["asked for", "names"])
def test_a_console_behind_a_shut_door_lives_through_it(how: str, tmp_path: Path) -> None:
    """With all private names of Textual renamed, and with its public ways asked for."""
    other = {"PYTHONPATH": str(other_textual(tmp_path, modules=False, names=True))} if how == "names" else {}
    env = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "VFIOTUI_DRAW": "public", **other}
    with PtyConsole("--demo", size=(120, 40), env=env) as terminal:
        terminal.shows("DEMO", "no changes pending")
        for noise in NOISE.values():
            terminal.send(noise)
            terminal.send(b"\x1b[A")
        for key, seen in ((b"6", "shut off"), (b"1", "GROUP-FOREIGN")):
            # The first key behind noise may be taken for its end: it is pressed again.
            for _ in range(5):
                terminal.send(key)
                if terminal.answers(seen, 2.0):
                    break
            terminal.shows(seen)
        terminal.send(b"\x11")
        assert terminal.ends() == 0


def test_the_app_asks_for_the_cleaned_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.hosts import HOSTS
    from tests.machines import root_of
    from tests.tui.consoles import caps
    from vfiotui.tui.app import ConsoleApp
    from vfiotui.tui.terminal import door

    monkeypatch.setenv(door.PUBLIC, "public")
    found = ConsoleApp(root_of(HOSTS["clean"]), caps()).get_driver_class()
    assert issubclass(found, App.get_driver_class(ConsoleApp(root_of(HOSTS["clean"]), caps())))

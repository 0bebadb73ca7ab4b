"""Whatever bytes a terminal sends: keys stay keys, pasted text is never one, and the console goes on."""

from __future__ import annotations

import random

import pytest

from vfiotui.tui.terminal.keyboard import BEGIN, END, LIMIT, Keyboard, Pasted


def typed(*chunks: bytes) -> str:
    """What is read as keys, with silence at the end."""
    keyboard = Keyboard()
    found = [piece for chunk in chunks for piece in keyboard.feed(chunk)]
    while keyboard.patience is not None:
        found += keyboard.silence()
    return "".join(piece for piece in found if isinstance(piece, str))


def pasted(*chunks: bytes) -> list[Pasted]:
    """What is pasted, with silence at the end."""
    keyboard = Keyboard()
    found = [piece for chunk in chunks for piece in keyboard.feed(chunk)]
    while keyboard.patience is not None:
        found += keyboard.silence()
    return [piece for piece in found if isinstance(piece, Pasted)]


@pytest.mark.parametrize(
    "data", [b"q", b"\x1b", b"\x1b[A", b"\x1b[1;5C", "äß€😀".encode(), b"\x1bOP\x03\x1a\x1c", b"\x1b[<0;5;6M"]
)
def test_keys_pass_whole_and_in_pieces(data: bytes) -> None:
    assert typed(data) == data.decode()
    assert typed(*(bytes([b]) for b in data)) == data.decode()


@pytest.mark.parametrize("data", [b"\xff\xfe\x80", b"\xe4", b"\xc4\xe3\xba\xc3", b"\xf8\xa1\xa1\xa1"])
def test_bytes_that_are_no_text_hurt_no_key(data: bytes) -> None:
    """Latin-1, GBK, 8-bit Alt: no key that they do not mean, and the next one counts."""
    text = typed(data, b"q")
    assert text.endswith("q") and not set(text[:-1]) - {"\ufffd", "\u00e3", "\u013a"} - set("\u3ad3\u0443")
    assert text.count("q") == 1


@pytest.mark.parametrize(
    ("report", "means"),
    [
        (b" !!", "\x1b[<0;1;1M"),
        (b"#!!", "\x1b[<0;1;1m"),
        (b" \xc8\x40", "\x1b[<0;168;32M"),
        (b"`\xff\xff", "\x1b[<64;223;223M"),
        (b"\x00qq", ""),
        (b" \x00q", ""),
    ],
)
def test_an_old_mouse_is_a_mouse_in_every_column(report: bytes, means: str) -> None:
    assert typed(b"\x1b[M" + report + b"q") == means + "q"
    assert typed(b"\x1b[M", report, b"q") == means + "q"
    assert typed(b"\x1b[", b"M" + report[:1], report[1:], b"q") == means + "q"


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_paste_is_a_paste_wherever_it_is_divided(cut: int) -> None:
    data = BEGIN + b"quit\x03\x1a\x1c\xff\r\nq" + END + b"z"
    assert pasted(data[:cut], data[cut:]) == [Pasted("quit\ufffd\nq", 0)]
    assert typed(data[:cut], data[cut:]) == "z"


def test_a_paste_without_an_end_ends_with_silence() -> None:
    keyboard = Keyboard()
    assert keyboard.feed(BEGIN + b"abc") == []
    assert keyboard.patience is not None and keyboard.patience > 1000, "a slow paste is not cut"
    assert keyboard.silence() == [Pasted("abc", 0)]
    assert keyboard.feed(b"q") == ["q"]


def test_what_is_too_long_is_cut_and_counted() -> None:
    chunks = [b"x" * 4096] * 750
    assert pasted(BEGIN, *chunks, END) == [Pasted("x" * LIMIT, 4096 * 750 - LIMIT)]
    assert pasted(*chunks) == [Pasted("x" * LIMIT, 4096 * 750 - LIMIT)], "unmarked"
    assert typed(*chunks) == ""


def test_a_pile_of_held_keys_and_mouse_moves_is_no_paste() -> None:
    data = b"\x1b[B" * 1365
    assert typed(data) == data.decode()
    moves = b"".join(b"\x1b[<35;%d;7M" % i for i in range(300))
    assert typed(moves) == moves.decode()


def test_random_bytes_are_never_an_error_and_memory_is_bounded() -> None:
    chance = random.Random(5)
    for _ in range(200):
        keyboard = Keyboard()
        for _ in range(20):
            keyboard.feed(chance.randbytes(chance.randrange(1, 4096)))
        assert len(keyboard._rest) < 10 and len(keyboard._paste or b"") <= LIMIT
        while keyboard.patience is not None:
            keyboard.silence()
        last = keyboard.feed(b"q")[-1]
        assert isinstance(last, str) and last.endswith("q")

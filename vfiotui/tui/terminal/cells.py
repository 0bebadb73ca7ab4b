"""Which cells must be written so that a new row stands where an old one stands: texts only, no terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from vfiotui.tui.row import Row, Run

SHORT = 8
"""Cells up to which a run is written whole where the cursor stands before it already."""
APART = 6
"""Unchanged cells from which on the cursor jumps across them."""


class Span(NamedTuple):
    """Cells to be written: in line `y` of a widget from its cell `x` on."""

    y: int
    x: int
    text: str
    style: str
    """The name of a style; "" is the widget's own."""
    shift: int = 0
    """Where not 0: the run of so many cells moves left by one, and `text` is its new last cell."""


@cache
def terminal_shifts() -> bool:
    """Whether the terminal deletes and inserts a cell in a line (terminfo's dch1 and ich1 or ich)."""
    try:
        import curses

        curses.setupterm(os.environ.get("TERM") or "dumb", 1)
        return bool(curses.tigetstr("dch1") or curses.tigetstr("dch")) and bool(
            curses.tigetstr("ich1") or curses.tigetstr("ich")
        )
    except Exception:
        return False


def whole_row(y: int, row: Row, width: int) -> list[Span] | None:
    """The row and the blanks behind it; None where a character takes more than a cell, or the row is cut."""
    spans: list[Span] = []
    x = 0
    for text, style in row.runs:
        if not narrow(text):
            return None
        if text:
            spans.append(Span(y, x, text, style))
        x += len(text)
    if x > width:
        return None
    return [*spans, Span(y, x, " " * (width - x), "")] if x < width else spans


def changed_cells(y: int, old: Row, new: Row, width: int) -> list[Span] | None:
    """What must be written so that `new` stands where `old` stands; None where the compositor has to do it.

    Rows of like runs are compared run by run, and only the differing part of a long run is written.
    """
    if len(old.runs) != len(new.runs):
        return whole_row(y, new, width)
    spans: list[Span] = []
    x, end = 0, -1
    for before, now in zip(old.runs, new.runs, strict=True):
        text = now[0]
        length = len(text)
        if len(before[0]) != length:
            return whole_row(y, new, width)
        if before is not now and before != now:
            if not (narrow(text) and narrow(before[0])) or x + length > width:
                return None
            if before[1] != now[1] or (length <= SHORT and end == x):
                spans.append(Span(y, x, text, now[1]))
            else:
                spans += _run(y, x, before[0], now)
            end = x + length
        elif not narrow(text):
            return None
        x += length
    return spans


def _run(y: int, x: int, before: str, new: Run) -> Iterable[Span]:
    """A run that differs: moved by a cell, or its differing part."""
    text, style = new
    first, last = differing(before, text)
    if last - first >= APART and before[1:] == text[:-1] and terminal_shifts():
        return (Span(y, x, text[-1], style, len(text)),)
    if last - first < 2 * APART:
        return (Span(y, x + first, text[first : last + 1], style),)
    return _islands(y, x, before, new, first, last)


def differing(before: str, text: str) -> tuple[int, int]:
    """The places of the first and the last character that differ in two unequal texts of one length.

    A loop over the characters would take longer than everything else that is done with them.
    """
    old, new = (int.from_bytes(t.encode("utf-32", "surrogatepass"), "little") for t in (before, text))
    bits = old ^ new  # The first four bytes are the mark of the byte order.
    return ((bits & -bits).bit_length() - 1) // 32 - 1, (bits.bit_length() - 1) // 32 - 1


def _islands(y: int, x: int, before: str, new: Run, first: int, last: int) -> list[Span]:
    """The differing stretches; a gap is written over where jumping across it takes more bytes."""
    text = new[0]
    differ = [i for i in range(first, last + 1) if before[i] != text[i]]
    cuts = [i for i, (a, b) in enumerate(pairwise(differ), 1) if b - a > APART]
    return [
        Span(y, x + differ[a], text[differ[a] : differ[b - 1] + 1], new[1])
        for a, b in pairwise([0, *cuts, len(differ)])
    ]


_plain = re.compile("[ -~\u00b7\u2026\u2500-\u259f\u2800-\u28ff]*").fullmatch
"""Latin letters, lines, blocks and dots: each takes one cell, and nearly every text is made of them alone."""


@cache
def _narrow_char(char: str) -> bool:
    from rich.cells import cell_len

    return cell_len(char) == 1


def narrow(text: str) -> bool:
    """Whether every character takes exactly one cell."""
    return _plain(text) is not None or all(map(_narrow_char, set(text)))

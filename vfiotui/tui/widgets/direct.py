"""Writes changed cells straight to the terminal, past Textual's compositor.

A compositor frame costs two milliseconds however little has changed; a table that changes ten times a second
pays that ten times. Here only the changed cells are written, in one piece, inside a synchronized update. The
widget's own state stays the truth: its cached lines are marked as stale, so any full repaint shows the same.

Leans on names of Textual that are not public; `ready` is False for versions that it was not proved with, and
whenever anything else may lie over the widget. The caller then refreshes in the public way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.driver import QuietDriver, proved
from vfiotui.tui.row import Row, Run

SHIFTED = 6
"""Changed cells from which on a graph is shifted by the terminal instead of written again."""
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"


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


def ready(widget: Widget) -> bool:
    """Whether the widget's cells can be written now: it is seen, whole, settled, and only toasts may lie over it."""
    app = widget.app
    screen = widget.screen
    return (
        isinstance(app._driver, QuietDriver)
        and proved()
        and app.screen is screen
        and not app._batch_count
        and not screen._layout_required
        and not screen._scroll_required
        and not screen._repaint_required
        and not screen._dirty_widgets
        and not screen.selections
        and screen.region.contains_region(widget.region)
        and widget.region.area > 0
    )


def hidden_lines(widget: Widget) -> frozenset[int]:
    """The lines of a widget's content of which a toast hides a part: they are left to the compositor."""
    if not len(widget.app._notifications):
        return frozenset()
    from textual.widgets._toast import Toast

    content = widget.content_region
    regions = (toast.region.intersection(content) for toast in widget.screen.query(Toast))
    return frozenset(line - content.y for region in regions for line in region.line_range)


def settle(screen: Screen[Any]) -> None:
    """Lays out what waits for it while nothing is painted yet: else the first frame is painted before and after it."""
    if proved() and screen._layout_required:
        screen._refresh_layout(scroll=screen._scroll_required)
        screen._layout_required = screen._scroll_required = False


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

    Rows of like runs are compared run by run, and only the differing part of a run is written.
    """
    if len(old.runs) != len(new.runs):
        return whole_row(y, new, width)
    spans: list[Span] = []
    x = 0
    for before, now in zip(old.runs, new.runs, strict=True):
        text = now[0]
        length = len(text)
        if len(before[0]) != length:
            return whole_row(y, new, width)
        if before is not now and before != now:
            if not (narrow(text) and narrow(before[0])) or x + length > width:
                return None
            spans += _run(y, x, before, now)
        elif not narrow(text):
            return None
        x += length
    return spans


def _run(y: int, x: int, old: Run, new: Run) -> Iterable[Span]:
    before, text = old[0], new[0]
    length = len(text)
    if old[1] != new[1]:
        return (Span(y, x, text, new[1]),)
    first = next(i for i in range(length) if before[i] != text[i])
    last = next(i for i in range(length - 1, -1, -1) if before[i] != text[i])
    if last - first >= SHIFTED and before[1:] == text[:-1] and terminal_shifts():
        return (Span(y, x, text[-1], new[1], length),)
    if last - first < 2 * SHIFTED:
        return (Span(y, x + first, text[first : last + 1], new[1]),)
    return _islands(y, x, before, new, first, last)


def _islands(y: int, x: int, before: str, new: Run, first: int, last: int) -> list[Span]:
    """The differing stretches; a gap is written over where jumping across it takes more bytes."""
    text = new[0]
    differ = [i for i in range(first, last + 1) if before[i] != text[i]]
    cuts = [i for i, (a, b) in enumerate(pairwise(differ), 1) if b - a > SHIFTED]
    return [
        Span(y, x + differ[a], text[differ[a] : differ[b - 1] + 1], new[1])
        for a, b in pairwise([0, *cuts, len(differ)])
    ]


@cache
def _narrow_char(char: str) -> bool:
    from rich.cells import cell_len

    return cell_len(char) == 1


def narrow(text: str) -> bool:
    """Whether every character takes exactly one cell."""
    return text.isascii() or all(map(_narrow_char, set(text)))


def write(widget: Widget, spans: Sequence[Span], styles: dict[str, str]) -> None:
    """Writes the cells; `styles` holds the terminal's codes of every style that is used.

    Spans are relative to the widget's content. Spans of one style are written together: in true colour a change
    of style takes more bytes than most figures.
    """
    left, top = widget.content_region.offset
    by_style: dict[str, list[Span]] = {}
    for span in spans:
        by_style.setdefault(span.style, []).append(span)
    out = [BEGIN] if widget.app._sync_available else []
    for style, together in by_style.items():
        out.append(styles[style])
        for y, x, text, _, shift in together:
            out.append(f"\x1b[{top + y + 1};{left + x + 1}H")
            out.append(f"\x1b[P\x1b[{shift - 1}C\x1b[@{text}" if shift else text)
    out.append("\x1b[0m")
    if widget.app._sync_available:
        out.append(END)
    above = widget.gutter.top
    widget._styles_cache.set_dirty(*(Region(0, above + y, 1, 1) for y in {s.y for s in spans}))
    driver = widget.app._driver
    assert driver is not None
    driver.write("".join(out))


def codes(widget: Widget, style: Style) -> str:
    """The terminal's codes for a style as the compositor would write them, what stood before undone."""
    strip = Strip([Segment("x", style)], 1)
    _, background = widget.background_colors
    for line_filter in widget.get_line_filters():
        strip = strip.apply_filter(line_filter, background)
    begin = strip.render(widget.app.console).partition("x")[0]
    return f"\x1b[0;{begin[2:]}" if begin.startswith("\x1b[") else "\x1b[0m"

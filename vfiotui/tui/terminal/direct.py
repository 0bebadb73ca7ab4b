"""Writes changed cells straight to the terminal, past Textual's compositor.

A compositor frame costs two milliseconds however little has changed; a table that changes ten times a second
pays that ten times. Here only the changed cells are written, in one piece, inside a synchronized update. The
widget's own state stays the truth: its cached lines are marked as stale, so any full repaint shows the same.

Leans on names of Textual that are not public; `ready` is False for versions that it was not proved with, and
whenever anything else may lie over the widget. The caller then refreshes in the public way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.geometry import NULL_REGION, Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.row import Row, Run
from vfiotui.tui.terminal.driver import QuietDriver, proved

if TYPE_CHECKING:
    from textual.map_geometry import MapGeometry

SHORT = 8
"""Cells up to which a run is written whole where the cursor stands before it already."""
APART = 6
"""Unchanged cells from which on the cursor jumps across them."""
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


class Place:
    """Where a widget's content is in the terminal; worked out anew when the screen was laid out anew."""

    __slots__ = ("_geometry", "_screen", "_widget", "border", "content", "whole", "width")

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._screen: Screen[Any] | None = None
        self._geometry: MapGeometry | None = None
        self.content = NULL_REGION
        """The content's cells in the terminal."""
        self.width = 0
        """Cells of a line beside a scroll bar."""
        self.border = 0
        """Lines of the widget above its content."""
        self.whole = False
        """Whether all of the widget is on the screen."""

    def follow(self) -> None:
        """Brings it up to date."""
        try:
            if self._screen is None:
                self._screen = self._widget.screen
            geometry = self._screen.find_widget(self._widget)
        except (NoScreen, NoWidget):
            self._geometry, self.content, self.width, self.whole = None, NULL_REGION, 0, False
            return
        if geometry is not self._geometry:
            self._geometry = geometry
            self.content = self._widget.content_region
            self.width = self._widget.scrollable_content_region.width or self.content.width
            self.border = self._widget.gutter.top
            self.whole = geometry.region.area > 0 and self._screen.region.contains_region(geometry.region)


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


def ready(app: App[Any], screen: Screen[Any]) -> bool:
    """Whether cells of a screen can be written now: it is seen, settled, and only toasts may lie over it."""
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
    )


def hidden_lines(widget: Widget, app: App[Any], screen: Screen[Any]) -> frozenset[int]:
    """The lines of a widget's content of which a toast hides a part: they are left to the compositor."""
    if not len(app._notifications):
        return frozenset()
    from textual.widgets._toast import Toast

    content = widget.content_region
    regions = (toast.region.intersection(content) for toast in screen.query(Toast))
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


def write(widget: Widget, app: App[Any], place: Place, spans: Sequence[Span], styles: Mapping[str, str]) -> None:
    """Writes the cells; `styles` holds the terminal's codes of every style that is used.

    Spans are relative to the widget's content. Spans of one style are written together: in true colour a change
    of style takes more bytes than most figures. In one line the cursor goes on from where it stands.
    """
    left, top = place.content.x + 1, place.content.y + 1
    by_style: dict[str, list[str]] = {}
    ends: dict[str, tuple[int, int]] = {}
    for y, x, text, style, shift in spans:
        out = by_style.get(style)
        if out is None:
            out = by_style[style] = [styles[style]]
        line, end = ends.get(style, (-1, 0))
        if line != y or x < end:
            out.append(f"\x1b[{top + y};{left + x}H")
        elif x > end:
            out.append(f"\x1b[{x - end}C")
        out.append(f"\x1b[P\x1b[{shift - 1}C\x1b[@{text}" if shift else text)
        ends[style] = y, x + (shift or len(text))
    data = "".join(["".join(out) for out in by_style.values()])
    widget._styles_cache.set_dirty(*[Region(0, place.border + y, 1, 1) for y in {s[0] for s in spans}])
    driver = app._driver
    assert driver is not None
    driver.write(f"{BEGIN}{data}\x1b[0m{END}" if app._sync_available else f"{data}\x1b[0m")


def codes(widget: Widget, style: Style) -> str:
    """The terminal's codes for a style as the compositor would write them, what stood before undone."""
    strip = Strip([Segment("x", style)], 1)
    _, background = widget.background_colors
    for line_filter in widget.get_line_filters():
        strip = strip.apply_filter(line_filter, background)
    begin = strip.render(widget.app.console).partition("x")[0]
    return f"\x1b[0;{begin[2:]}" if begin.startswith("\x1b[") else "\x1b[0m"

"""Writes changed cells straight to the terminal, past Textual's compositor.

A compositor frame costs two milliseconds however little has changed; a table that changes ten times a second
pays that ten times. Here only the changed cells are written, in one piece, inside a synchronized update. The
widget's own state stays the truth: its cached lines are marked as stale, so any full repaint shows the same.

Only `door` imports this: it leans on the names of Textual in PRIVATE, and is loaded where all of them are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual._styles_cache import StylesCache
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from vfiotui.tui.terminal.driver import QuietDriver

if TYPE_CHECKING:
    from vfiotui.tui.terminal.cells import Span
    from vfiotui.tui.terminal.place import Place

PRIVATE = (
    (App, "_driver _batch_count _notifications _sync_available"),
    (Screen, "_dirty_widgets _layout_required _refresh_layout _repaint_required _scroll_required"),
    (Widget, "_styles_cache"),
    (StylesCache, "get_inner_outer"),
)
"""Classes of Textual, and the names in them that are used here without being promised."""
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""A synchronized update: the terminal shows all of it at once."""


def ready(app: App[Any], screen: Screen[Any]) -> bool:
    """Whether cells of a screen can be written now: it is seen, settled, and only toasts may lie over it."""
    return (
        isinstance(app._driver, QuietDriver)
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
    content = widget.content_region
    regions = (toast.region.intersection(content) for toast in screen.query("Toast"))
    return frozenset(line - content.y for region in regions for line in region.line_range)


def let_go() -> None:
    """Empties the cache of colours whose keys are the widgets' drawn lines."""
    empty = getattr(StylesCache.get_inner_outer, "cache_clear", None)
    if empty is not None:
        empty()


def settle(screen: Screen[Any]) -> None:
    """Lays out what waits for it while nothing is painted yet: else the first frame is painted before and after it."""
    if screen._layout_required:
        screen._refresh_layout(scroll=screen._scroll_required)
        screen._layout_required = screen._scroll_required = False


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

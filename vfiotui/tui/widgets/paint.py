"""Runs of text into strips: one segment for each run, styles by component class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.row import STYLES, Row, Run
from vfiotui.tui.terminal import door
from vfiotui.tui.terminal.cells import Span, changed_cells, whole_row
from vfiotui.tui.terminal.place import Place
from vfiotui.tui.text import for_console, in_ascii

CLASSES = {*(f"run--{name}" for name in STYLES), "rows--cursor"}
"""Component classes of every screen whose widgets draw runs.

They belong to the screen: were they each widget's own, Textual would work all of them out anew for every widget.
"""


def drawable(widget: Widget) -> Callable[[str], str] | None:
    """What is done to a text that is written past the compositor, as `StandIns` does to every other one."""
    if widget.screen.has_class("-ascii"):
        return in_ascii
    return for_console if widget.screen.has_class("-console") else None


def run_style(widget: Widget, name: str) -> Style:
    """What a run's style adds to its widget's own."""
    return widget.screen.get_component_rich_style(f"run--{name}", partial=True)


def cursor_style(widget: Widget) -> Style:
    """What the cursor adds to its row or cell."""
    return widget.screen.get_component_rich_style("rows--cursor", partial=True)


def strip_of(widget: Widget, runs: Sequence[Run], width: int, base: Style) -> Strip:
    """The runs in exactly so many cells."""
    segments = [Segment(text, base + run_style(widget, name) if name else base) for text, name in runs if text]
    return Strip(segments).adjust_cell_length(width, base)


def codes(widget: Widget, style: Style) -> str:
    """The terminal's codes for a style as the compositor would write them, what stood before undone."""
    strip = Strip([Segment("x", style)], 1)
    _, background = widget.background_colors
    for line_filter in widget.get_line_filters():
        strip = strip.apply_filter(line_filter, background)
    begin = strip.render(widget.app.console).partition("x")[0]
    return f"\x1b[0;{begin[2:]}" if begin.startswith("\x1b[") else "\x1b[0m"


class Painted(Widget):
    """A widget of rows that writes as little as it may of what has changed."""

    MARKED = "+"
    """Behind the name of a style: as the row under the cursor shows it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._place = Place(self)
        self._codes = _Codes(self)

    def style_of(self, name: str) -> Style:
        """The style of a run."""
        base = self.rich_style
        plain = name.removesuffix(self.MARKED)
        style = base + run_style(self, plain) if plain else base
        return self.marked_style() + style if name.endswith(self.MARKED) else style

    def marked_style(self) -> Style:
        """What the cursor adds."""
        return Style()

    def write_rows(self, changes: Sequence[tuple[int, Row | None, Row]], width: int, marked: int = -1) -> None:
        """Brings rows that have changed to the terminal: (line of the widget, old, new).

        The widget already holds the new rows. Without an old row the whole new one is written. `marked` is the
        line with the cursor.
        """
        app, screen = self.app, self.screen
        spans: list[Span] = []
        left: list[int] = []
        direct = door.direct(app, screen)
        if direct is not None:
            self._place.follow()
        able = direct is not None and self._place.whole
        hidden = direct.hidden_lines(self, app, screen) if direct is not None and able else ()
        for y, old, new in changes:
            cells = None
            if able and y not in hidden:
                cells = whole_row(y, new, width) if old is None else changed_cells(y, old, new, width)
            if cells is None:
                left.append(y)
            elif y == marked:
                spans += [s._replace(style=s.style + self.MARKED) for s in cells]
            else:
                spans += cells
        if direct is not None and spans:
            change = drawable(self)
            if change is not None:
                spans = [s._replace(text=change(s.text)) for s in spans]
            direct.write(self, app, self._place, spans, self._codes.of(app))
        if left:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in left))


class _Codes(dict[str, str]):
    """The terminal's codes for a widget's styles, each worked out when it is asked for."""

    def __init__(self, widget: Painted) -> None:
        super().__init__()
        self._widget = widget
        self._known_for: tuple[object, ...] = ()

    def of(self, app: App[Any]) -> _Codes:
        """These, begun anew where they may have changed."""
        known_for = (app.theme, app.ansi_color, self._widget.has_focus)
        if known_for != self._known_for:
            self._known_for = known_for
            self.clear()
        return self

    def __missing__(self, name: str) -> str:
        found = self[name] = codes(self._widget, self._widget.style_of(name))
        return found

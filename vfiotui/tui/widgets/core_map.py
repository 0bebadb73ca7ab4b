"""A map of cells that scrolls under a cursor; only lines that changed are drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from vfiotui.tui.row import Row
from vfiotui.tui.widgets.paint import cursor_style, strip_of
from vfiotui.tui.widgets.rows import WholeCellBars

Place = tuple[int, int, int]


class CoreMap(ScrollView, can_focus=True):
    """Rows with cells that have a number; the cursor stands on one of them."""

    DEFAULT_CSS = """
    CoreMap { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(0,-1)", "up", show=False),
        Binding("down,j", "step(0,1)", "down", show=False),
        Binding("left,h", "step(-1,0)", "left", show=False),
        Binding("right", "step(1,0)", "right", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "page down", show=False),
        Binding("home", "edge(0)", "first", show=False),
        Binding("end,G", "edge(-1)", "last", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another cell."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    class Clicked(Message):
        """A click on a cell, on which the cursor stands now."""

        def __init__(self, number: int, *, again: bool) -> None:
            super().__init__()
            self.number = number
            self.again = again
            """Whether the cursor stood there already."""

    class RowClicked(Message):
        """A click on a row beside all cells."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._cells: dict[int, Place] = {}
        self.number = 0
        """The cell under the cursor."""
        ScrollBar.renderer = WholeCellBars

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[Row], cells: Mapping[int, Place]) -> None:
        """Shows a map; the cursor stays on its cell, or goes to the first one."""
        old, self._rows = self._rows, tuple(rows)
        moved = self._cells != cells
        self._cells = dict(cells)
        if self._cells and self.number not in self._cells:
            self.number = min(self._cells, key=lambda n: self._cells[n])
        if moved or len(old) != len(self._rows):
            self.virtual_size = Size(self.size.width, len(self._rows))
            self.refresh()
            self._show_cursor()
            return
        for y, (before, now) in enumerate(zip(old, self._rows, strict=True)):
            if before != now:
                self._repaint(y)

    def go(self, number: int) -> None:
        """Puts the cursor on a cell that is there."""
        if number not in self._cells or number == self.number:
            return
        old = self._cells.get(self.number)
        self.number = number
        for place in (old, self._cells[number]):
            if place is not None:
                self._repaint(place[0])
        self._show_cursor()
        self.post_message(self.Moved(number))

    def _repaint(self, line: int) -> None:
        y = line - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _show_cursor(self) -> None:
        if self.number not in self._cells:
            return
        line, top, height = self._cells[self.number][0], self.scroll_offset.y, self.size.height or 1
        if line < top + 1:
            # What stands above a box names it.
            self.scroll_to(y=max(line - 2, 0), animate=False)
        elif line >= top + height - 1:
            self.scroll_to(y=line - height + 2, animate=False)

    def action_step(self, across: int, down: int) -> None:
        """The nearest cell in a direction; where there is none the map scrolls."""
        here = self._cells.get(self.number)
        if here is None:
            self.scroll_relative(y=down, animate=False)
            return
        y, x, _ = here
        if across:
            order = sorted(self._cells, key=lambda n: self._cells[n])
            place = order.index(self.number) + across
            if 0 <= place < len(order):
                self.go(order[place])
            return
        lines = {cell[0] for cell in self._cells.values() if (cell[0] - y) * down > 0}
        if not lines:
            self.scroll_relative(y=down, animate=False)
            return
        line = min(lines, key=lambda found: abs(found - y))
        self.go(min((n for n, c in self._cells.items() if c[0] == line), key=lambda n: abs(self._cells[n][1] - x)))

    def action_page(self, step: int) -> None:
        """A page up or down."""
        for _ in range(max(self.size.height // 4, 1)):
            self.action_step(0, step)

    def action_edge(self, place: int) -> None:
        """The first or the last cell."""
        if self._cells:
            self.go(sorted(self._cells, key=lambda n: self._cells[n])[place])

    def on_click(self, event: Click) -> None:
        """A click moves the cursor."""
        y = self.scroll_offset.y + event.y
        for number, (line, x, width) in self._cells.items():
            if line == y and x <= event.x < x + width:
                again = number == self.number
                self.go(number)
                self.post_message(self.Clicked(number, again=again))
                return
        if y < len(self._rows):
            self.post_message(self.RowClicked(y))

    def on_resize(self) -> None:
        """Keeps the height that can be scrolled over."""
        self.virtual_size = Size(self.size.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """One visible line, the cursor's cell marked on it."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width or self.size.width
        base = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        strip = strip_of(self, self._rows[index].runs, width, base)
        line, x, wide = self._cells.get(self.number, (-1, 0, 0))
        if index != line or x + wide > width:
            return strip
        mark = cursor_style(self)
        before, cell, after = strip.crop(0, x), strip.crop(x, x + wide), strip.crop(x + wide, width)
        return Strip.join([before, cell.apply_style(mark), after])

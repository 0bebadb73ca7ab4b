"""A scrolling list of rows of which only the visible ones are drawn, and only changed ones drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.row import BLANK, Row
from vfiotui.tui.widgets.paint import Painted, cursor_style, drawable, strip_of


class WholeCellBars(ScrollBarRender):
    """Scroll bars of whole cells: console fonts have no partial blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


class Rows(Painted, ScrollView, can_focus=True):
    """Rows with a cursor on those that have a key; without any it only scrolls."""

    DEFAULT_CSS = """
    Rows {
        height: 1fr; overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "page up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "page down", show=False),
        Binding("home", "edge(-1)", "top", show=False),
        Binding("end,G", "edge(1)", "bottom", show=False),
        # What was typed before the console took the terminal over comes as a line feed.
        Binding("enter,ctrl+j", "choose", "open", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, rows: Rows, key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> Rows:
            """The list, for `@on` selectors."""
            return self.rows

    class Chosen(Moved):
        """Enter, or a click on the cursor's row."""

    def __init__(self, *, id: str | None = None, cursor: bool = True) -> None:
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()
        self._cursor = 0
        self._has_cursor = cursor
        self._title = ""
        ScrollBar.renderer = WholeCellBars

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    @property
    def key(self) -> str:
        """The key of the cursor's row, or ""."""
        return self._rows[self._cursor].key if self._has_cursor and self._cursor < len(self._rows) else ""

    def show(self, rows: Sequence[Row]) -> None:
        """Shows rows; the cursor stays on its key, and unchanged lines are not drawn again."""
        new, old, before, place = tuple(rows), self._rows, self.key, self._cursor
        if new == old:
            return
        self._rows = new
        self._place.follow()
        height = self._place.content.height
        if before and self.key != before:
            self._cursor = next((i for i, r in enumerate(new) if r.key == before), self._cursor)
        self._cursor = min(self._cursor, max(len(new) - 1, 0))
        if not self.key:
            self._cursor = self._near(self._cursor, 1)
        longest = max(len(new), len(old))
        if len(new) != len(old):
            size = Size(self.size.width, len(new))
            if longest > height:
                self.virtual_size = size
                self.refresh()
            else:
                # No scroll bar comes or goes: nothing needs to be laid out anew.
                self.set_reactive(Widget.virtual_size, size)
                blanks = (BLANK,) * longest
                new, old = (new + blanks)[:longest], (old + blanks)[:longest]
        if len(new) == len(old):
            top = self.scroll_offset.y
            seen = range(top, min(top + height, longest))
            moved = (place, self._cursor) if place != self._cursor else ()
            changes = [
                (i - top, None if i in moved else old[i], new[i])
                for i in seen
                if i in moved or (new[i] is not old[i] and new[i] != old[i])
            ]
            if changes:
                self.write_rows(changes, self._place.width, self._cursor - top if self._marked else -1)
        if self.key != before:
            self.post_message(self.Moved(self, self.key))

    def head(self, title: str) -> None:
        """Names the list in its border; the text is cleaned already."""
        change = drawable(self)
        shown = title if change is None else change(title)
        if shown != self._title:
            self._title = shown
            self.border_title = Content(shown)

    def select(self, key: str) -> None:
        """Puts the cursor on the row with a key, if there is one."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self._go(index)
                return

    @property
    def columns(self) -> int:
        """Cells of a line, a scroll bar included; 80 before it was laid out."""
        self._place.follow()
        return self._place.content.width or 80

    @property
    def _row_width(self) -> int:
        return self.scrollable_content_region.width or self.size.width

    @property
    def _marked(self) -> bool:
        """Whether a row is shown as the cursor's."""
        return self._has_cursor and self.has_focus and bool(self.key)

    def marked_style(self) -> Style:
        """What the cursor adds to its row."""
        return cursor_style(self)

    def _near(self, index: int, step: int) -> int:
        """The next row with a key in a direction, else the last one in the other, else the index itself."""
        for direction in (step, -step):
            i = index
            while 0 <= i < len(self._rows):
                if self._rows[i].key:
                    return i
                i += direction
        return index

    def _go(self, index: int) -> None:
        if index == self._cursor or not 0 <= index < len(self._rows):
            return
        old, self._cursor = self._cursor, index
        self._show_cursor()
        top = self.scroll_offset.y
        lines = [(line - top, None, self._rows[line]) for line in (old, index) if 0 <= line - top < self.size.height]
        self.write_rows(lines, self._row_width, index - top if self._marked else -1)
        self.post_message(self.Moved(self, self.key))

    def _show_cursor(self) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height or 1
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False)

    def action_move(self, step: int) -> None:
        """Moves the cursor, or scrolls where there is none."""
        if not self._has_cursor or not any(r.key for r in self._rows):
            self.scroll_relative(y=step, animate=False)
            return
        target = self._cursor + step
        while 0 <= target < len(self._rows) and not self._rows[target].key:
            target += step
        if 0 <= target < len(self._rows):
            self._go(target)
        else:
            self.scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        height = max(self.size.height - 1, 1)
        if self._has_cursor and any(r.key for r in self._rows):
            target = min(max(self._cursor + step * height, 0), len(self._rows) - 1)
            self._go(self._near(target, step))
        else:
            self.scroll_relative(y=step * height, animate=False)

    def action_edge(self, step: int) -> None:
        """To the first or the last row."""
        last = len(self._rows) - 1
        if self._has_cursor and any(r.key for r in self._rows):
            self._go(self._near(0 if step < 0 else last, -step))
        self.scroll_to(y=0 if step < 0 else last, animate=False)

    def action_choose(self) -> None:
        """Opens the cursor's row."""
        if self.key:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: Click) -> None:
        """A click moves the cursor; on the cursor it opens."""
        index = self.scroll_offset.y + event.y
        if 0 <= index < len(self._rows) and self._rows[index].key:
            if index == self._cursor:
                self.action_choose()
            else:
                self._go(index)

    def on_resize(self) -> None:
        """Keeps the width that can be scrolled over equal to what is seen."""
        self.virtual_size = Size(self.size.width, len(self._rows))

    def on_focus(self) -> None:
        """The cursor's row shows where the keys go."""
        self.refresh()

    on_blur = on_focus

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        index = self.scroll_offset.y + y
        width = self._row_width
        base: Style = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[index]
        strip = strip_of(self, row.runs, width, base)
        return strip.apply_style(self.marked_style()) if self._marked and index == self._cursor else strip

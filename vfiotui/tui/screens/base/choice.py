"""A full screen of rows of which one is chosen; Esc chooses none."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen

from vfiotui.tui.actions import BACK, MOVE, OPEN, Action, Page, bindings
from vfiotui.tui.row import Row
from vfiotui.tui.screens.base.follows_size import FollowsSize
from vfiotui.tui.screens.base.text import Lines
from vfiotui.tui.status import key_row
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES
from vfiotui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


class ChoiceScreen(FollowsSize, Screen[str]):
    """Ends with the key of the chosen row, or with "" where none was chosen."""

    COMPONENT_CLASSES = CLASSES
    PAGE: ClassVar[Page] = (BACK,)
    """Its actions, for the palette."""
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, title: Row, lines: Lines, current: str = "", word: str = "choose") -> None:
        """`current` is the key on which the cursor stands first; `word` says what Enter does."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._current = current
        self._word = word

    def compose(self) -> ComposeResult:
        """Title, rows, keys."""
        yield Line(id="status")
        yield Rows(id="choice")
        yield Line(id="keys")

    def on_mount(self) -> None:
        """Keys go to the rows."""
        cast("ConsoleContext", self.app).fit_glyphs(self)
        self.query_one(Rows).focus()

    def on_resize(self, _: Resize) -> None:
        """Breaks the rows anew; the cursor stays."""
        width = self.size.width
        page = self.query_one(Rows)
        first = not page.rows
        self.query_one("#status", Line).show(self._title)
        page.show(self._lines(max(width - 2, 20)))
        if first and self._current:
            page.select(self._current)
        self.query_one("#keys", Line).show(key_row(self.keys(), width))

    def keys(self) -> list[Action]:
        """The keys that work here."""
        return [OPEN.named(self._word), BACK, MOVE]

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.key)

    def action_leave(self) -> None:
        """Chooses nothing."""
        self.dismiss("")

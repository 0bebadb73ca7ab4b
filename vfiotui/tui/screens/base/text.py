"""A full screen of lines: help, explanations, a finding's details, a guest's XML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen

from vfiotui.tui.actions import BACK, COPY, SCROLL, Action, Page, bindings
from vfiotui.tui.row import Row
from vfiotui.tui.screens.base.follows_size import FollowsSize
from vfiotui.tui.status import key_row
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES
from vfiotui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

Lines = Callable[[int], Sequence[Row]]
"""Rows for a width."""


class TextScreen(FollowsSize, Screen[None]):
    """Lines to scroll; Esc goes back."""

    COMPONENT_CLASSES = CLASSES
    PAGE: ClassVar[Page] = (BACK, COPY)
    """Its actions, for the palette."""
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, title: Row, lines: Lines, copied: str = "") -> None:
        """`copied` is what `y` puts into the clipboard; empty for the lines themselves."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._copied = copied

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        yield Line(id="status")
        yield Rows(id="text", cursor=False)
        yield Line(id="keys")

    def on_mount(self) -> None:
        """Keys go to the lines."""
        cast("ConsoleContext", self.app).fit_glyphs(self)
        self.query_one(Rows).focus()

    def on_resize(self, _: Resize) -> None:
        """Breaks the lines anew."""
        self.lay_out()

    def lay_out(self) -> None:
        """Shows title, lines and keys in the present width."""
        width = self.size.width
        self.query_one(Rows).show(self._lines(max(width - 2, 20)))
        self.query_one("#status", Line).show(self._title)
        self.query_one("#keys", Line).show(key_row(self.keys(), width))

    def keys(self) -> list[Action]:
        """The keys that work here."""
        return [BACK, SCROLL, COPY]

    def action_leave(self) -> None:
        """Goes back."""
        self.dismiss()

    def action_copy(self) -> None:
        """Puts the text into the clipboard of the terminal (OSC 52)."""
        text = self._copied or "\n".join(r.text for r in self.query_one(Rows).rows)
        self.app.copy_to_clipboard(text)
        self.app.notify("copied, if this terminal allows it", markup=False, timeout=2)

"""Lines to scroll, with a place for a question below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult

from vfiotui.tui.actions import ANSWER, NO, Action
from vfiotui.tui.row import Row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.widgets.ask import Ask

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


class AskingScreen(TextScreen):
    """While it asks, only the keys of the answer work."""

    @property
    def console(self) -> ConsoleContext:
        """The app with its store and its root."""
        return cast("ConsoleContext", self.app)

    def compose(self) -> ComposeResult:
        """The question stands between the lines and the keys."""
        *lines, keys = super().compose()
        yield from lines
        yield Ask()
        yield keys

    def ask(self, question: Row, then: Callable[[str], object], *, wanted: str = "", given: str = "") -> None:
        """Asks; see Ask."""
        self.query_one(Ask).ask(question, then, wanted=wanted, given=given)

    @on(Ask.Turned)
    def _turned(self) -> None:
        self.lay_out()

    def keys(self) -> list[Action]:
        """Those of the answer, or the screen's own."""
        ask = self.query_one(Ask)
        if not ask.asks:
            return self.own_keys()
        return [*([] if ask.at_once else [ANSWER]), NO]

    def own_keys(self) -> list[Action]:
        """The keys while nothing is asked."""
        return super().keys()

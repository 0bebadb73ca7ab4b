"""A question in the last lines of a screen, and the place to answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from vfiotui.tui.row import Row
from vfiotui.tui.widgets.line import Line


class Ask(Vertical):
    """Hidden until something is asked; Esc, and any other word than the wanted one, answer no."""

    DEFAULT_CSS = """
    Ask { height: auto; display: none; }
    Ask.-open { display: block; }
    Ask Input { height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", "no", show=False)]

    class Turned(Message):
        """It began or ended to ask."""

    def __init__(self) -> None:
        super().__init__(id="ask")
        self._then: Callable[[str], object] = lambda answer: None
        self._wanted = ""
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """The question, and a line to type into."""
        yield Line(id="question")
        yield Input(id="answer", compact=True)

    @property
    def asks(self) -> bool:
        """Whether a question is open."""
        return self.has_class("-open")

    @property
    def at_once(self) -> bool:
        """Whether one letter is the answer."""
        return len(self._wanted) == 1

    def ask(self, question: Row, then: Callable[[str], object], *, wanted: str = "", given: str = "") -> None:
        """Calls `then` with the answer, if it is the wanted one; without a wanted one with any that is not empty.

        One wanted letter needs no Enter.
        """
        self._then, self._wanted = then, wanted
        if not self.asks:
            self._before = self.screen.focused
        self.query_one(Line).show(question)
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = given
        self.add_class("-open")
        box.focus()
        self.post_message(self.Turned())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.at_once and event.value:
            self._answered(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._answered(event.value.strip())

    def _answered(self, answer: str) -> None:
        self.action_no()
        if answer and (not self._wanted or answer == self._wanted):
            self._then(answer)

    def action_no(self) -> None:
        """Closes the question."""
        box = self.query_one(Input)
        with box.prevent(Input.Changed):
            box.value = ""
        self.remove_class("-open")
        if self._before is not None:
            self._before.focus()
        self.post_message(self.Turned())

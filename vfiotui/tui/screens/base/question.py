"""One question with what it is about above it; an answer, or none, ends the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.asking import AskingScreen
from vfiotui.tui.text import wrap
from vfiotui.tui.widgets.ask import Ask


class QuestionScreen(AskingScreen):
    """Asks as soon as it is shown."""

    def __init__(
        self,
        title: Row,
        about: Sequence[str],
        question: Row,
        then: Callable[[str], object],
        *,
        wanted: str = "",
        given: str = "",
    ) -> None:
        """`about` are paragraphs; `then` gets the answer, and is not called for none; the rest is as in `Ask.ask`."""
        super().__init__(title, lambda width: [row(line) for part in about for line in wrap(part, width) or [""]])
        self._question, self._wanted, self._given = question, wanted, given
        self._then = then
        self._answer = ""

    def on_mount(self) -> None:
        """Asks at once."""
        super().on_mount()
        # The line to type into cannot have the keys before it is laid out.
        self.call_after_refresh(self.ask, self._question, self._take, wanted=self._wanted, given=self._given)

    def _take(self, answer: str) -> None:
        self._answer = answer

    def on_ask_turned(self) -> None:
        """The question was closed."""
        if not self.query_one(Ask).asks:
            self.dismiss()
            if self._answer:
                self.app.call_later(self._then, self._answer)

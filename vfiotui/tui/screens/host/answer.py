"""The answer to a symptom; Enter opens the finding behind a suspect."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from vfiotui.model.facts import Facts
from vfiotui.rules.symptoms.answer import Answer
from vfiotui.tui.actions import COPY, Action, bindings
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.host.forum import machine_line
from vfiotui.tui.screens.host.symptom_view import answer_rows, answer_text
from vfiotui.tui.terminal.capabilities import Glyphs


class AnswerScreen(ChoiceScreen):
    """Ends with the key of the finding to open, or with ""."""

    PAGE = (COPY, *ChoiceScreen.PAGE)
    BINDINGS: ClassVar[list[BindingType]] = bindings((COPY,))

    def __init__(self, found: Answer, facts: Facts, glyphs: Glyphs) -> None:
        self._found = found
        self._facts = facts
        super().__init__(
            row((" symptoms ", "reverse"), f" {found.symptom.title}"),
            lambda width: answer_rows(found, glyphs, width),
            word="evidence",
        )

    def keys(self) -> list[Action]:
        """The answer can be copied too."""
        return [*super().keys(), COPY]

    def action_copy(self) -> None:
        """Puts the answer into the clipboard as Markdown (OSC 52)."""
        self.app.copy_to_clipboard(f"{machine_line(self._facts)}\n\n{answer_text(self._found)}")
        self.app.notify("copied as Markdown, if this terminal allows it", markup=False, timeout=2)

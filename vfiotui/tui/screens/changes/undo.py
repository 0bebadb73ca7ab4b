"""What an undo would do, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from vfiotui.apply.undo.clash import Clash
from vfiotui.model.change.journal import ChangeRecord
from vfiotui.tui.actions import BACK, COPY, SCROLL, Action, bindings
from vfiotui.tui.messages import RunRequested
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.asking import AskingScreen
from vfiotui.tui.screens.changes.undo_view import undo_rows
from vfiotui.tui.screens.host.finding_view import labelled
from vfiotui.tui.terminal.capabilities import Glyphs

TAKE_BACK = Action("u", "undo", "undo it", sometimes=True)
FORCE = Action("f", "force", "force", sometimes=True)


class UndoScreen(AskingScreen):
    """`u` takes the change back; where somebody changed a subject since, only `f` does."""

    PAGE = (TAKE_BACK, FORCE, *AskingScreen.PAGE)
    BINDINGS: ClassVar[list[BindingType]] = bindings((TAKE_BACK, FORCE))

    def __init__(
        self,
        record: ChangeRecord,
        steps: Sequence[tuple[str, list[str]]],
        found: Sequence[Clash],
        glyphs: Glyphs,
        runs: str = "",
    ) -> None:
        """`runs` says which programs of a mounted system the undo runs as root, if it runs any."""
        self._record = record
        self._runs = runs
        self._clashes = found
        super().__init__(
            row((" undo ", "reverse"), f" {record.name}"),
            lambda width: [
                *(labelled("runs", runs, width, "warn") if runs else []),
                *undo_rows(record, steps, found, glyphs, width),
            ],
        )

    def own_keys(self) -> list[Action]:
        """A clash leaves only force."""
        return [FORCE if self._clashes else TAKE_BACK, BACK, SCROLL, COPY]

    def action_undo(self) -> None:
        """Asks, and has the change taken back."""
        if not self._clashes:
            self._ask(f" take change {self._record.number} back? type ", "y")

    def action_force(self) -> None:
        """Asks for the whole word: what somebody changed is kept nowhere."""
        if self._clashes:
            self._ask(" overwrite what was changed since? type ", "force", "--force")

    def _ask(self, question: str, wanted: str, *more: str) -> None:
        def agreed(answer: str) -> None:
            number = str(self._record.number)
            self.app.post_message(
                RunRequested("undo", number, *more, name=self._record.name, programs=bool(self._runs))
            )

        question = f" run its programs as root and{question}" if self._runs else question
        self.ask(row((question, "warn"), (wanted, "key")), agreed, wanted=wanted)

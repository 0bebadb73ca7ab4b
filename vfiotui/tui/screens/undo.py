"""What an undo would do, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.apply.clash import Clash
from vfiotui.model.journal import ChangeRecord
from vfiotui.tui.caps import Glyphs
from vfiotui.tui.carry_out import carry_out
from vfiotui.tui.row import row
from vfiotui.tui.screens.text import TextScreen
from vfiotui.tui.views.undo import undo_rows
from vfiotui.tui.widgets.ask import Ask

if TYPE_CHECKING:
    from vfiotui.tui.app import ConsoleApp


class UndoScreen(TextScreen):
    """`u` takes the change back; where somebody changed a subject since, only `f` does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("u", "undo", "undo"), Binding("f", "force", "force")]

    def __init__(
        self, record: ChangeRecord, steps: Sequence[tuple[str, list[str]]], found: Sequence[Clash], glyphs: Glyphs
    ) -> None:
        self._record = record
        self._clashes = found
        super().__init__(
            row((" undo ", "reverse"), f" {record.name}"),
            lambda width: undo_rows(record, steps, found, glyphs, width),
        )

    def compose(self) -> ComposeResult:
        """The question stands between the lines and the keys."""
        *lines, keys = super().compose()
        yield from lines
        yield Ask()
        yield keys

    def keys(self) -> list[tuple[str, str]]:
        """A clash leaves only force."""
        first = ("f", "force") if self._clashes else ("u", "take it back")
        return [first, ("esc", "back"), ("↑↓", "scroll"), ("y", "copy")]

    def action_undo(self) -> None:
        """Asks, and has the change taken back."""
        if not self._clashes:
            self._ask(f" take change {self._record.number} back? type ", "y")

    def action_force(self) -> None:
        """Asks for the whole word: what somebody changed is kept nowhere."""
        if self._clashes:
            self._ask(" overwrite what somebody changed since? type ", "force", "--force")

    def _ask(self, question: str, wanted: str, *more: str) -> None:
        def agreed(answer: str) -> None:
            app = cast("ConsoleApp", self.app)
            carry_out(app, "undo", str(self._record.number), *more, name=self._record.name)

        self.query_one(Ask).ask(row((question, "warn"), (wanted, "key")), agreed, wanted=wanted)

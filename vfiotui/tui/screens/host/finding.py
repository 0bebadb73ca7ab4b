"""One finding whole, and the places that it leads to."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.tui.actions import BACK, COPY, MOVE, OPEN, Action, bindings
from vfiotui.tui.open_plan import can_fix
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.host import actions
from vfiotui.tui.screens.host.finding_view import finding_detail
from vfiotui.tui.screens.host.forum import forum_post
from vfiotui.tui.screens.host.places import Place, place_rows, places_of
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean

FIX = "fix"
"""What the screen ends with where the plan is wanted; no place has this key."""


class FindingScreen(ChoiceScreen):
    """Evidence, reason and fix; ends with the key of the place to go to, or with ""."""

    PAGE = (actions.FIX, COPY, *ChoiceScreen.PAGE)
    BINDINGS: ClassVar[list[BindingType]] = bindings((actions.FIX, COPY))

    def __init__(self, finding: Finding, facts: Facts, glyphs: Glyphs) -> None:
        self._finding = finding
        self._facts = facts
        self._places: tuple[Place, ...] = places_of(finding, facts)

        def lines(width: int) -> list[Row]:
            places = place_rows(self._places, facts, width)
            return [*places, *([BLANK] if places else []), *finding_detail(finding, glyphs, width)]

        super().__init__(row((" evidence ", "reverse"), f" {clean(finding.code)}"), lines)

    def place(self, key: str | None) -> Place | None:
        """The place with a key."""
        return next((p for p in self._places if p.key == key), None)

    def keys(self) -> list[Action]:
        """There is nothing to go to where no place is known."""
        more = [OPEN.named("go there")] if self._places else []
        more += [actions.FIX] if can_fix(self._finding) else []
        return [*more, BACK, MOVE, COPY]

    def action_fix(self) -> None:
        """Has the plan that mends it made and shown."""
        if can_fix(self._finding):
            self.dismiss(FIX)

    def action_copy(self) -> None:
        """Puts the finding into the clipboard as Markdown (OSC 52)."""
        self.app.copy_to_clipboard(forum_post(self._facts, [self._finding]))
        self.app.notify("copied as Markdown, if this terminal allows it", markup=False, timeout=2)

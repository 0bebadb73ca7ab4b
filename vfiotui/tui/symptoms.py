"""What is wrong? A symptom is chosen, its answer shown, and the finding behind a suspect opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vfiotui.model.concern import given_subjects
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Finding
from vfiotui.rules.symptoms import symptom_of
from vfiotui.rules.symptoms.answer import answer
from vfiotui.tui.row import row
from vfiotui.tui.screens.answer import AnswerScreen
from vfiotui.tui.screens.choice import ChoiceScreen
from vfiotui.tui.views.symptom import symptom_rows

if TYPE_CHECKING:
    from vfiotui.tui.app import ConsoleApp


def ask(app: ConsoleApp, facts: Facts, findings: tuple[Finding, ...], show: Callable[[str], None]) -> None:
    """Offers all symptoms; `show` opens the finding with a key."""

    def chosen(key: str | None) -> None:
        if key:
            show_answer(app, key.removeprefix("symptom "), facts, findings, show)

    app.push_screen(ChoiceScreen(row((" what is wrong? ", "reverse")), symptom_rows, word="look for the cause"), chosen)


def show_answer(
    app: ConsoleApp, name: str, facts: Facts, findings: tuple[Finding, ...], show: Callable[[str], None]
) -> None:
    """Shows what may cause a symptom."""
    symptom = symptom_of(name)
    if symptom is None:
        return

    def chosen(key: str | None) -> None:
        if key:
            show(key)

    app.push_screen(AnswerScreen(answer(symptom, findings, given_subjects(facts)), app.caps.glyphs), chosen)

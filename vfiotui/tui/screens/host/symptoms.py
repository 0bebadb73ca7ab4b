"""Symptoms: one is chosen, its answer shown, and the finding behind a suspect opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfiotui.model.finding.concern import given_subjects
from vfiotui.rules.symptoms import symptom_of
from vfiotui.rules.symptoms.answer import answer
from vfiotui.state.topics import FACTS, FINDINGS
from vfiotui.tui.navigation import open_finding
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.host.answer import AnswerScreen
from vfiotui.tui.screens.host.finding_view import key_of
from vfiotui.tui.screens.host.symptom_view import symptom_rows

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


def ask(app: ConsoleContext) -> None:
    """Offers all symptoms."""

    def chosen(key: str | None) -> None:
        if key:
            show_answer(app, key.removeprefix("symptom "))

    app.push_screen(ChoiceScreen(row((" symptoms ", "reverse")), symptom_rows, word="look for the cause"), chosen)


def show_answer(app: ConsoleContext, name: str) -> None:
    """Shows what may cause a symptom, from the last findings; where there are none yet, as soon as they come."""
    symptom = symptom_of(name)
    facts = app.store.get(FACTS)
    findings = app.store.get(FINDINGS)
    if symptom is None:
        return
    if facts is None or findings is None:
        app.notify("this host is still being read", markup=False)
        _when_judged(app, name)
        return

    def chosen(key: str | None) -> None:
        finding = next((f for f in findings if key_of(f) == key), None)
        if finding is not None:
            open_finding(app, finding, facts)

    app.push_screen(AnswerScreen(answer(symptom, findings, given_subjects(facts)), facts, app.caps.glyphs), chosen)


def _when_judged(app: ConsoleContext, name: str) -> None:
    """Shows the answer on the Host screen, which wants the findings, once they are there."""

    def judged(topic: str) -> None:
        leave()
        app.call_later(show_answer, app, name)

    leave = app.store.subscribe(FINDINGS, judged)
    app.action_go("host")

"""The palette: everything that can be done, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from vfiotui.rules import catalogue
from vfiotui.rules.symptoms import symptoms
from vfiotui.tui.actions import GO, HELP, QUIT, READ_AGAIN, Action, offers
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.host.finding_view import rule_rows
from vfiotui.tui.screens.host.symptoms import show_answer
from vfiotui.tui.terminal.capabilities import SETS

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


class Commands(Provider):
    """Screens, what can be done on this one, themes, glyphs, symptoms, explanations."""

    def _all(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        console, app = cast("ConsoleContext", self.app), self.app
        for go in GO:
            yield f"go to {go.word}", f"key {go.bar_key}", partial(app.run_action, go.does, app)
        for action in (READ_AGAIN, HELP):
            yield action.word, _words(action), partial(app.run_action, action.does, app)
        for name in console.theme_names:
            yield f"theme {name}", "colours", partial(setattr, app, "theme", name)
        for name in SETS:
            yield f"glyphs {name}", "marks and graphs", partial(console.use_glyphs, name)
        for action in offers(self.screen):
            yield action.word, _words(action), partial(app.run_action, action.does, self.screen)
        for symptom in symptoms():
            yield f"symptom: {symptom.name}", symptom.title, partial(show_answer, console, symptom.name)
        for rule in catalogue():
            yield f"explain {rule.code}", rule.title, partial(self._explain, rule.code)
        yield QUIT.word, _words(QUIT), partial(app.run_action, QUIT.does, app)

    def _explain(self, code: str) -> None:
        self.app.push_screen(
            TextScreen(row((" explain ", "reverse"), f" {code}"), lambda width: rule_rows(code, width))
        )

    async def discover(self) -> Hits:
        """What is offered before anything is typed: all but symptoms and explanations."""
        for name, text, run in self._all():
            if not name.startswith(("explain ", "symptom:")):
                yield DiscoveryHit(name, run, help=text)

    async def search(self, query: str) -> Hits:
        """What fits the typed text."""
        matcher = self.matcher(query)
        for name, text, run in self._all():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=text)


def _words(action: Action) -> str:
    """What an action does, and its key: the key is learned on the way."""
    return f"{action.help}, key {action.bar_key}" if action.help else f"key {action.bar_key}"

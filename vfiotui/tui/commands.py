"""The palette: what is typed finds everything by name, by what it does, and by what people call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher

from vfiotui.tui.entries import Entry, entries
from vfiotui.tui.text import clean, fit

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

FRAME = 12
"""Columns that the palette's own frame and margins take."""
LEAST = 8
"""Columns below which a line's second half is left out."""
IN_NAME, IN_WORDS = 1000.0, 500.0
"""What goes before letters that only stand in the same order: all typed words in the name, or in the words beside."""


class Commands(Provider):
    """One line for everything that can be done or looked at."""

    def _all(self) -> list[Entry]:
        return list(entries(cast("ConsoleContext", self.app), self.screen))

    def _line(self, entry: Entry, matcher: Matcher | None = None) -> Content:
        """The name and what it is, on one line; a text of the host is no markup here."""
        room = self.app.size.width - FRAME
        name = fit(entry.name, min(room, len(clean(entry.name))))
        line = Content(name)
        if matcher is not None:
            _, offsets = matcher.fuzzy_search.match(matcher.query, name)
            for place in offsets:
                line = line.stylize(matcher.match_style, place, place + 1)
        left = room - len(name) - 2
        told = clean(entry.help)
        return Content.assemble(line, ("  " + fit(told, min(left, len(told))), "dim")) if left >= LEAST else line

    async def discover(self) -> Hits:
        """What is offered before anything is typed: what can be done here, the screens and the settings."""
        for entry in self._all():
            if entry.at_once:
                yield DiscoveryHit(self._line(entry), entry.run, text=clean(entry.name))

    async def search(self, query: str) -> Hits:
        """What fits the typed text: first what has all its words, then what has its letters in their order."""
        matcher = self.matcher(query)
        words = query.lower().split()
        for entry in self._all():
            score = matcher.match(clean(entry.name))
            name = entry.name.lower()
            if all(w in name for w in words):
                score += IN_NAME
            elif all(w in f"{name} {entry.help} {entry.words}".lower() for w in words):
                score += IN_WORDS
            if score > 0:
                score = score / IN_NAME if entry.last else score
                yield Hit(score, self._line(entry, matcher), entry.run, text=clean(entry.name))

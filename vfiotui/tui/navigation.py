"""From a finding to what it speaks of: the device on the Host screen, the guest, a line of a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.tui.open_plan import open_fix
from vfiotui.tui.screens.host.file import LIMIT, FileScreen
from vfiotui.tui.screens.host.finding import FIX, FindingScreen
from vfiotui.tui.screens.host.places import Place
from vfiotui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


def open_finding(app: ConsoleContext, finding: Finding, facts: Facts) -> None:
    """Shows a finding whole; where a place is chosen there, goes to it."""
    shown = FindingScreen(finding, facts, app.caps.glyphs)

    def leave(key: str | None) -> None:
        place = shown.place(key)
        if key == FIX:
            open_fix(app, finding)
        if place is not None:
            go(app, place)

    app.push_screen(shown, leave)


def go(app: ConsoleContext, place: Place) -> None:
    """Goes to a place; a file is read beside the screen, which never waits for it."""
    match place.kind:
        case "device":
            app.action_go("host")
            _select(app, "#groups", place.key)
        case "guest":
            app.action_go("guests")
            _select(app, "#guests", place.key)
        case _:
            app.run_worker(_show_file(app, place), exclusive=True, group="file")


def _select(app: ConsoleContext, selector: str, key: str) -> None:
    """Puts the cursor of a list of the screen that comes up onto a row."""

    def select() -> None:
        for rows in app.screen.query(selector).results(Rows):
            rows.focus()
            rows.select(key)

    app.call_after_refresh(select)


async def _show_file(app: ConsoleContext, place: Place) -> None:
    text = await asyncio.to_thread(_text_of, app.root_, place.name)
    await app.push_screen(FileScreen(place.name, text, place.line))


def _text_of(root: Root, path: str) -> Reading[str]:
    """A file's text; of a directory the names in it, for some facts are told by names alone."""
    text = root.text(path, LIMIT)
    if isinstance(text, Unread) and text.why is Why.NOT_A_FILE:
        names = root.names(path)
        return text if isinstance(names, Unread) else "\n".join(names)
    return text

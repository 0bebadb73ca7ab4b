"""A console without a terminal: opened over a root, looked at as lines of text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from vfiotui.host.root.root import Root
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.terminal.capabilities import CONSOLE, UNICODE, Caps, Glyphs

SECONDS = 60.0
SIZES = ((80, 24), (120, 40), (160, 50))


def caps(glyphs: Glyphs = UNICODE, *, few: bool = False) -> Caps:
    return Caps(glyphs, colours=16 if few else 1 << 24, no_colour=False, dumb=False)


LINUX = caps(CONSOLE, few=True)


def lines(app: ConsoleApp) -> list[str]:
    """What the screen shows, row by row."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def text(app: ConsoleApp) -> str:
    """What the screen shows."""
    return "\n".join(lines(app))


class Console:
    """An app under test."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, true: Callable[[], Any], what: str = "") -> None:
        """Waits for events of the app until something is true."""
        loop = asyncio.get_running_loop()
        end = loop.time() + SECONDS
        while not true():
            assert loop.time() < end, f"not seen in time: {what}\n{self.text}"
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def shows(self, *words: str) -> None:
        """Waits until all of the words are on the screen."""
        await self.until(lambda: all(w in self.text for w in words), str(words))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def text(self) -> str:
        return text(self.app)

    @property
    def lines(self) -> list[str]:
        return lines(self.app)


@asynccontextmanager
async def console(
    root: Root,
    size: tuple[int, int] = (120, 40),
    *,
    uri: str | None = None,
    ability: Caps | None = None,
    theme: str = "",
    toasts: bool = False,
) -> AsyncIterator[Console]:
    """The console over a root, once its first findings are there; with `toasts` those are shown, too."""
    app = ConsoleApp(root, ability or caps(), uri=uri, theme=theme)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        found = Console(app, pilot)
        await found.until(lambda: app.store.get("findings") is not None and app.store.get("reading") is False, "facts")
        yield found

"""Screen 4: huge pages and what the allocator could give right now."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from vfiotui.host.memory import guest_backing, pagetypes
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.host_memory import Memory
from vfiotui.state.topics import FACTS, MEMORY, VIRT
from vfiotui.tui.actions import ANSWER, NO, Action, bindings
from vfiotui.tui.open_plan import open_goals
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.memory import actions
from vfiotui.tui.screens.memory.view import memory_rows
from vfiotui.tui.widgets.ask import Ask
from vfiotui.tui.widgets.rows import Rows

QUESTIONS = {
    "reserve": (" pages to be free for guests, [nodeN:]KIB=COUNT", "512"),
    "release": (" free pages to give back, [nodeN:]KIB=COUNT or =all", "all"),
    "overcommit": (" pages that may come when guests ask for them, KIB=COUNT", "512"),
    "persist": (" pages to set aside at every boot, [nodeN:]KIB=COUNT", "512"),
}
COUNT_SECONDS = 30.0
"""How long an exact count stands before what costs nothing is shown again."""


class MemoryScreen(ConsoleScreen):
    """One page that follows memory while it is seen."""

    MODE = "memory"
    TOPICS = (MEMORY, VIRT, FACTS)
    KEYS = actions.KEYS
    PAGE = actions.MEMORY
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self._exact: tuple[float, dict[int, GuestBacking]] = (-COUNT_SECONDS, {})
        """When the pages of guests were counted, in seconds of CLOCK_MONOTONIC; the guests by process."""
        self._movable: Reading[dict[int, int]] | None = None
        """Blocks that compaction could make whole; None before the count was asked for."""

    def compose_body(self) -> ComposeResult:
        """The page."""
        yield Rows(id="page", cursor=False)
        yield Ask()

    def on_mount(self) -> None:
        """Keys go to the page."""
        super().on_mount()
        self.query_one(Rows).focus()

    def draw(self, topic: str) -> None:
        """The page anew; unchanged lines cost nothing."""
        page = self.query_one("#page", Rows)
        facts = self.facts
        memory = self.store.get(MEMORY)
        if memory is None and facts is not None:
            memory = facts.memory
        history = tuple(m for m in self.store.history(MEMORY, 60) if not isinstance(m, Unread))
        width = (page.size.width or 80) - 1
        if isinstance(memory, Memory):
            memory = replace(memory, guests=self._counted(memory.guests))
        page.show(memory_rows(memory, history, self.virt, self.caps.glyphs, width, self._movable))

    def _counted(self, guests: Reading[tuple[GuestBacking, ...]]) -> Reading[tuple[GuestBacking, ...]]:
        """What was counted stands for a while, and as long as the guest runs where nothing else tells."""
        if isinstance(guests, Unread):
            return guests
        at, exact = self._exact
        fresh = time.monotonic() - at < COUNT_SECONDS
        return tuple(exact.get(g.pid, g) if fresh or isinstance(g.coverage, Unread) else g for g in guests)

    async def action_count(self) -> None:
        """Counts the pages of all running guests, and what compaction could make whole, once."""
        memory = self.store.get(MEMORY)
        guests = or_else(memory.guests, ()) if isinstance(memory, Memory) else ()
        root = self.console.root_
        exact = await asyncio.to_thread(lambda: {g.pid: guest_backing.walk(root, g) for g in guests})
        self._exact = time.monotonic(), exact
        self._movable = await asyncio.to_thread(pagetypes.read_movable, root)
        self.redraw()

    def keys(self) -> list[Action]:
        """Those of the answer while it asks."""
        asks = self.is_mounted and self.query_one(Ask).asks
        return [ANSWER.named("make a plan"), NO] if asks else super().keys()

    @on(Ask.Turned)
    def _turned(self) -> None:
        self.draw_frame()

    def action_pages(self, what: str) -> None:
        """Asks which pages, and shows the plan."""
        question, count = QUESTIONS[what]
        facts = self.facts
        memory = None if facts is None or isinstance(facts.memory, Unread) else facts.memory
        sizes = () if memory is None else memory.page_sizes()
        size = None if memory is None else or_else(memory.meminfo, {}).get("Hugepagesize", next(iter(sizes), None))

        def plan(answer: str) -> None:
            open_goals(self.console, [(f"memory.{what}", answer)])

        self.query_one(Ask).ask(row((question, "warn")), plan, given=f"{size}={count}" if size else "")

    def action_hook(self) -> None:
        """Asks for a guest whose pages shall come when it starts, and shows the plan."""
        domains = () if self.virt is None else or_else(self.virt.domains, ())
        wants = [d.name for d in domains if d.huge_pages] or [d.name for d in domains]

        def plan(answer: str) -> None:
            open_goals(self.console, [("memory.hook", answer)])

        question = " whose huge pages shall be set aside when it starts, and given back after? a guest's name"
        self.query_one(Ask).ask(row((question, "warn")), plan, given=wants[0] if wants else "")

    def action_now(self, what: str) -> None:
        """Shows the plan."""
        open_goals(self.console, [(f"memory.{what}", "now")])

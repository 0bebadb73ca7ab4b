"""Screen 4: huge pages and what the allocator could give right now."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.host.memory import guest_backing, pagetypes
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.host_memory import Memory
from vfiotui.state.topics import FACTS, MEMORY, VIRT
from vfiotui.tui.open_plan import open_goals
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.screen import ConsoleScreen
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
    KEYS = (
        ("+", "reserve"), ("-", "release"), ("s", "small pages"),
        ("c", "compact"), ("d", "drop caches"), ("b", "at boot"), ("o", "on demand"),
        ("h", "at a guest's start"), ("r", "read again"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "count", "count pages", show=False),
        Binding("plus", "pages('reserve')", "reserve", show=False),
        Binding("minus", "pages('release')", "release", show=False),
        Binding("b", "pages('persist')", "at boot", show=False),
        Binding("o", "pages('overcommit')", "on demand", show=False),
        Binding("h", "hook", "at a guest's start", show=False),
        Binding("c", "now('compact')", "compact", show=False),
        Binding("d", "now('drop-caches')", "drop caches", show=False),
    ]
    HELP_TEXT = (
        "guests  whether each has its huge pages, and what is in small ones; what does not run: what it would need\n"
        "pools  pages that are set aside for guests with <hugepages/>\n"
        "right now  how many blocks of 2 MiB the allocator could hand out at once; the graph is the last two minutes, "
        "from none at its foot to the most of that time\n"
        "fragments  where the free memory lies, by block size: high on the left means in small pieces; whole is what "
        "lies in blocks of 2 MiB and more\n"
        "THP  transparent huge pages; VFIO pins a guest's memory when it starts, so what is small then stays small\n"
        "\n"
        "+ - c d b o h  make a plan and show it: pages for guests, pages back to the host, larger free blocks, "
        "caches dropped, pages at every boot, on demand (o: surplus pages) or at a guest's start. "
        "What the kernel gives in part is kept and said; 2 GiB, or a tenth of "
        "what is available, always stays for the host\n\n"
        "s  counts the pages of the running guests, huge and small. The kernel walks all their page tables for it, up "
        "to 15 ms for each GiB in small pages, and holds up the guest's own changes meanwhile: it is done once for "
        "each key, and the cost is told"
    )

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

    def keys(self) -> list[tuple[str, str]]:
        """Those of the answer while it asks."""
        asks = self.is_mounted and self.query_one(Ask).asks
        return [("enter", "make a plan"), ("esc", "no")] if asks else super().keys()

    @on(Ask.Turned)
    def _turned(self) -> None:
        self.draw_frame()

    def action_pages(self, what: str) -> None:
        """Asks which pages, and shows the plan."""
        question, count = QUESTIONS[what]
        facts = self.facts
        meminfo = {} if facts is None or isinstance(facts.memory, Unread) else or_else(facts.memory.meminfo, {})

        def plan(answer: str) -> None:
            open_goals(self.console, [(f"memory.{what}", answer)])

        self.query_one(Ask).ask(row((question, "warn")), plan, given=f"{meminfo.get('Hugepagesize', 2048)}={count}")

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

"""Screen 4: huge pages and what the allocator could give right now."""

from __future__ import annotations

import asyncio
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.host import guest_pages, pagetypes
from vfiotui.model.memory import Memory
from vfiotui.model.reading import Reading, Unread, or_else
from vfiotui.model.value import replace
from vfiotui.tui.fixing import open_wishes
from vfiotui.tui.row import row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.views.guest_pages import page_rows
from vfiotui.tui.views.memory import memory_rows
from vfiotui.tui.widgets.ask import Ask
from vfiotui.tui.widgets.rows import Rows

QUESTIONS = {
    "reserve": (" pages to be free for guests, [nodeN:]KIB=COUNT", "512"),
    "release": (" free pages to give back, [nodeN:]KIB=COUNT or =all", "all"),
    "persist": (" pages to set aside at every boot, [nodeN:]KIB=COUNT", "512"),
}


class MemoryScreen(ConsoleScreen):
    """One page that follows memory while it is seen."""

    MODE = "memory"
    TOPICS = ("memory", "virt", "facts", "guest pages", "movable")
    KEYS = (
        ("+", "reserve"), ("-", "release"), ("s", "small pages"),
        ("c", "compact"), ("d", "drop caches"), ("b", "at boot"), ("r", "read again"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "count", "count pages", show=False),
        Binding("plus", "pages('reserve')", "reserve", show=False),
        Binding("minus", "pages('release')", "release", show=False),
        Binding("b", "pages('persist')", "at boot", show=False),
        Binding("c", "now('compact')", "compact", show=False),
        Binding("d", "now('drop-caches')", "drop caches", show=False),
    ]
    HELP_TEXT = (
        "pools  pages that are set aside for guests with <hugepages/>\n"
        "right now  how many blocks of 2 MiB the allocator could hand out at once; the graph is the last two minutes\n"
        "fragments  where the free memory lies, by block size: high on the left means in small pieces\n"
        "THP  transparent huge pages; VFIO pins a guest's memory when it starts, so what is small then stays small\n"
        "guests  what each guest asks for, and whether the pool has it\n\n"
        "+ - c d b  make a plan and show it: pages for guests, pages back to the host, larger free blocks, "
        "caches dropped, pages at every boot. What the kernel gives in part is kept and said; 2 GiB, or a tenth of "
        "what is available, always stays for the host\n\n"
        "s  counts the pages of the running guests, huge and small. The kernel walks all their page tables for it, up "
        "to 15 ms for each GiB in small pages, and holds up the guest's own changes meanwhile: it is done once for "
        "each key, and the cost is told"
    )

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
        memory = self.store.get("memory")
        if memory is None and facts is not None:
            memory = facts.memory
        kept = tuple(m for m in self.store.history("memory", 60) if not isinstance(m, Unread))
        history = cast("tuple[Memory, ...]", kept)
        width = (page.size.width or 80) - 1
        rows = memory_rows(memory, history, self.virt, self.caps.glyphs, width, self.store.get("movable"))
        page.show([*rows, *page_rows(self.store.get("guest pages"), width)])

    async def action_count(self) -> None:
        """Counts the pages of all running guests, and what compaction could make whole, once."""
        self.store.push("guest pages", await asyncio.to_thread(guest_pages.read, self.console.root_))
        self.store.push("movable", await asyncio.to_thread(pagetypes.read_movable, self.console.root_))

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
            self._plan(f"memory.{what}", answer)

        self.query_one(Ask).ask(row((question, "warn")), plan, given=f"{meminfo.get('Hugepagesize', 2048)}={count}")

    def action_now(self, what: str) -> None:
        """Shows the plan."""
        self._plan(f"memory.{what}", "now")

    def _plan(self, name: str, argument: str) -> None:
        facts, memory = self.facts, self.store.get("memory")
        if facts is not None:
            # The pools of the last sample: a plan of older ones would be refused when it is applied.
            fresh = facts if memory is None else replace(facts, memory=cast("Reading[Memory]", memory))
            open_wishes(self.console, ((name, argument),), fresh)

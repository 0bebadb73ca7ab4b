"""Screen 4: huge pages and what the allocator could give right now."""

from __future__ import annotations

import asyncio
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.host import guest_pages
from vfiotui.model.memory import Memory
from vfiotui.model.reading import Unread
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.views.guest_pages import page_rows
from vfiotui.tui.views.memory import memory_rows
from vfiotui.tui.widgets.rows import Rows


class MemoryScreen(ConsoleScreen):
    """One page that follows memory while it is seen."""

    MODE = "memory"
    TOPICS = ("memory", "virt", "facts", "guest pages")
    KEYS = (("↑↓", "scroll"), ("s", "small pages"), ("r", "read again"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "count", "count pages", show=False)]
    HELP_TEXT = (
        "pools  pages that are set aside for guests with <hugepages/>\n"
        "right now  how many blocks of 2 MiB the allocator could hand out at once; the graph is the last two minutes\n"
        "fragments  where the free memory lies, by block size: high on the left means in small pieces\n"
        "THP  transparent huge pages; VFIO pins a guest's memory when it starts, so what is small then stays small\n"
        "guests  what each guest asks for, and whether the pool has it\n\n"
        "s  counts the pages of the running guests, huge and small. The kernel walks all their page tables for it, up "
        "to 15 ms for each GiB in small pages, and holds up the guest's own changes meanwhile: it is done once for "
        "each key, and the cost is told"
    )

    def compose_body(self) -> ComposeResult:
        """The page."""
        yield Rows(id="page", cursor=False)

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
        rows = memory_rows(memory, history, self.virt, self.caps.glyphs, width)
        page.show([*rows, *page_rows(self.store.get("guest pages"), width)])

    async def action_count(self) -> None:
        """Counts the pages of all running guests, once."""
        self.store.push("guest pages", await asyncio.to_thread(guest_pages.read, self.console.root_))

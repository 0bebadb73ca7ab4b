"""Screen 6: the guests, as libvirt's events tell them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.state.topics import FINDINGS, MEMORY, VIRT
from vfiotui.tui.actions import MOVE, OPEN, READ_AGAIN
from vfiotui.tui.row import BLANK
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.guests.guest import GuestScreen
from vfiotui.tui.screens.guests.view import guest_rows, link_rows, other_rows
from vfiotui.tui.widgets.rows import Rows


class GuestsScreen(ConsoleScreen):
    """The list; Enter opens one guest."""

    MODE = "guests"
    TOPICS = (VIRT, FINDINGS, MEMORY)
    KEYS = (OPEN, MOVE, READ_AGAIN)
    PAGE = (
        "All guests of the connection, with their state as libvirt's events report it. When the daemon is gone the "
        "last known list stays, and says so: the guests themselves run on. The column doctor counts what is wrong "
        "with each. Virtual machines that run without this connection stand below, by their processes.",
        "",
        OPEN._replace(help="opens the guest: its findings, devices, pins and XML"),
    )

    def compose_body(self) -> ComposeResult:
        """The connection's state and the list."""
        yield Rows(id="guests")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self.query_one(Rows).focus()

    def draw(self, topic: str) -> None:
        """The list anew."""
        page = self.query_one("#guests", Rows)
        width = (page.size.width or 80) - 1
        guests = guest_rows(self.virt, self.findings, width)
        page.show([*link_rows(self.virt, width), BLANK, *guests, *other_rows(self.virt, self._machines(), width)])

    def _machines(self) -> Reading[tuple[GuestBacking, ...]] | None:
        """Every running virtual machine of this host, by its process; None before the first look."""
        memory = self.store.get(MEMORY)
        return memory if memory is None or isinstance(memory, Unread) else memory.guests

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(GuestScreen(event.key.removeprefix("guest ")))

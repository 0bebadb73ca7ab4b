"""Screen 6: the guests, as libvirt's events tell them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from vfiotui.model.domain import Domain
from vfiotui.model.reading import Unread
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.screens.text import TextScreen
from vfiotui.tui.text import clean
from vfiotui.tui.views.guests import guest_detail, guest_rows, link_rows
from vfiotui.tui.widgets.rows import Rows


class GuestsScreen(ConsoleScreen):
    """The list; Enter shows one guest whole."""

    MODE = "guests"
    TOPICS = ("virt", "facts")
    KEYS = (("enter", "open"), ("↑↓", "move"), ("r", "read again"))
    HELP_TEXT = (
        "All guests of the connection, with their state as libvirt's events tell it. When the daemon is gone the last "
        "known list stays, and says so: the guests themselves run on.\n\nenter  devices, pins and XML of the guest"
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
        page.show([*link_rows(self.virt, width), BLANK, *guest_rows(self.virt, width)])

    def _guest(self, key: str) -> Domain | None:
        virt = self.virt
        if virt is None or isinstance(virt.domains, Unread):
            return None
        return next((d for d in virt.domains if f"guest {d.name}" == key), None)

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        key = event.key

        def lines(width: int) -> list[Row]:
            guest = self._guest(key)
            return guest_detail(guest, self.facts, width) if guest else [row("this guest is gone")]

        guest = self._guest(key)
        title = row((" guest ", "reverse"), f" {clean(key.removeprefix('guest '))}")
        self.app.push_screen(TextScreen(title, lines, guest.xml if guest else ""))

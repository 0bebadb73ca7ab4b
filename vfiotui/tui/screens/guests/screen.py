"""Screen 6: the guests, as libvirt's events tell them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.new_guest import to_goal
from vfiotui.model.guest.running import running_guests
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.state.topics import FINDINGS, LIVE, MEMORY, VIRT
from vfiotui.tui.actions import MOVE, OPEN, READ_AGAIN, bindings
from vfiotui.tui.open_plan import open_goals
from vfiotui.tui.row import BLANK
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.guests.change import CHANGE, open_change
from vfiotui.tui.screens.guests.control import CONTROL, open_control
from vfiotui.tui.screens.guests.guest import GuestScreen
from vfiotui.tui.screens.guests.new import NEW, NewGuestScreen
from vfiotui.tui.screens.guests.usb import USB, UsbScreen
from vfiotui.tui.screens.guests.view import guest_rows, link_rows, other_rows
from vfiotui.tui.widgets.rows import Rows


class GuestsScreen(ConsoleScreen):
    """The list; Enter opens one guest."""

    MODE = "guests"
    TOPICS = (VIRT, FINDINGS, MEMORY, LIVE)
    KEYS = (OPEN, CONTROL, CHANGE, NEW, USB, MOVE, READ_AGAIN)
    PAGE = (
        "All guests of the connection, with their state as libvirt's events report it. When the daemon is gone the "
        "last known list stays, and says so: the guests themselves run on. The column doctor counts what is wrong "
        "with each. CPU is what its vCPUs, its emulator and its iothreads keep busy, 100 % for each host CPU; up is "
        "how long it has run. Both come from its process: the guest is not asked. Virtual machines that run without "
        "this connection stand below, by their processes.",
        "",
        OPEN._replace(help="opens the guest: its findings, devices, pins and XML"),
        CONTROL,
        CHANGE,
        NEW,
        USB,
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[str, str] = {}
        """Of the last form, so that a refused plan costs no second typing."""

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
        machines = self._machines()
        running = running_guests(self.store.get(LIVE), machines)
        guests = guest_rows(self.virt, self.findings, running, width)
        page.show([*link_rows(self.virt, width), BLANK, *guests, *other_rows(self.virt, machines, width)])

    def _machines(self) -> Reading[tuple[GuestBacking, ...]] | None:
        """Every running virtual machine of this host, by its process; None before the first look."""
        memory = self.store.get(MEMORY)
        return memory if memory is None or isinstance(memory, Unread) else memory.guests

    @property
    def _guest(self) -> Domain | None:
        """The guest under the cursor; None where there is none, or it could not be read."""
        key, virt = self.query_one("#guests", Rows).key, self.virt
        domains = () if virt is None or isinstance(virt.domains, Unread) else virt.domains
        return next((d for d in domains if f"guest {d.name}" == key), None)

    def action_usb(self) -> None:
        """The USB devices of the host, for the guest under the cursor."""
        key = self.query_one("#guests", Rows).key
        if key.startswith("guest "):
            self.app.push_screen(UsbScreen(key.removeprefix("guest ")))

    def action_control(self) -> None:
        """What can be done with the guest under the cursor."""
        if (domain := self._guest) is not None:
            open_control(self.console, domain, self.virt, self.facts, self.findings)

    def action_change(self) -> None:
        """What can be changed of the guest under the cursor."""
        if (domain := self._guest) is not None:
            open_change(self.console, domain, self.facts)

    def action_new_guest(self) -> None:
        """The questions, then the plan."""

        def answered(answers: dict[str, str] | None) -> None:
            if answers:
                self._answers = answers
                open_goals(self.console, [("guest.new", to_goal(answers))])

        self.app.push_screen(NewGuestScreen(self._answers, self.facts), answered)

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self.app.push_screen(GuestScreen(event.key.removeprefix("guest ")))

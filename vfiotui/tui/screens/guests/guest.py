"""One guest in tabs: Doctor, Devices, XML; its state and its definition can be changed."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import of_guest
from vfiotui.model.guest.domain import Domain, UnreadGuest
from vfiotui.model.guest.running import Running, of_domain, running_guests
from vfiotui.state.topics import FACTS, FINDINGS, LIVE, MEMORY, VIRT, Topic
from vfiotui.tui.actions import COPY, OPEN, Action, bindings
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.guests.change import CHANGE, open_change
from vfiotui.tui.screens.guests.control import CONTROL, open_control
from vfiotui.tui.screens.guests.guest_view import TABS, device_rows, doctor_rows, heading_row, unread_rows, xml_rows
from vfiotui.tui.screens.guests.usb import USB, UsbScreen
from vfiotui.tui.screens.host.finding_view import finding_detail, finding_text, key_of
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows

TAB = Action("right,l,tab", "turn(1)", "tab", "the tabs", shown="left and right", bar="←→", moves=True)
TAB_BEFORE = Action("left,h,shift+tab", "turn(-1)", "tab before", moves=True)
COPY_GUEST = COPY._replace(help="copies the findings as Markdown, or the XML")
BACK_TO_LIST = Action("escape,backspace", "dismiss", "back", "back to the list", moves=True)


class GuestScreen(ConsoleScreen):
    """A guest by its name, for as long as libvirt knows it."""

    MODE = "guests"
    TOPICS = (VIRT, FACTS, FINDINGS)
    PAGE = (
        "Doctor shows what every check says of this guest, the worst first. Devices shows what it is made of and what "
        "it takes from the host. XML shows libvirt's description of it, literally.",
        "",
        TAB,
        TAB_BEFORE,
        OPEN._replace(help="the evidence of a finding"),
        CONTROL,
        CHANGE,
        USB,
        COPY_GUEST,
        BACK_TO_LIST,
    )
    KEYS = (BACK_TO_LIST, TAB, OPEN, CONTROL, CHANGE, USB, COPY_GUEST)
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._guest_name = name
        self._tab = TABS[0]

    def compose_body(self) -> ComposeResult:
        """Name and tabs, and one list."""
        yield Line(id="heading")
        yield Rows(id="guest")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self.query_one("#guest", Rows).focus()

    def topics(self) -> tuple[Topic[Any], ...]:
        """Also what it uses, while that is shown."""
        return (*self.TOPICS, LIVE, MEMORY) if self._tab == "Devices" else self.TOPICS

    @property
    def guest(self) -> Domain | None:
        """The guest as it is now; None once it is gone."""
        virt = self.virt
        if virt is None or isinstance(virt.domains, Unread):
            return None
        return next((d for d in virt.domains if d.name == self._guest_name), None)

    @property
    def unread(self) -> UnreadGuest | None:
        """The guest where its description could not be read."""
        virt = self.virt
        return None if virt is None else next((g for g in virt.unread if g.name == self._guest_name), None)

    @property
    def guest_findings(self) -> tuple[Finding, ...]:
        """What the checks say of it."""
        return of_guest(self.findings, self._guest_name)

    def draw(self, topic: str) -> None:
        """The open tab anew."""
        page = self.query_one("#guest", Rows)
        width = (page.size.width or 80) - 1
        guest = self.guest
        if guest is None:
            unread = self.unread
            rows = [row(("this guest is gone", "dim"))] if unread is None else unread_rows(unread, width)
            page.show([*rows, *(() if unread is None else self._findings(width))])
            return
        self.query_one("#heading", Line).show(heading_row(guest, self._tab, width))
        page.show(self._rows(guest, width))

    def _findings(self, width: int) -> list[Row]:
        return doctor_rows(self.guest_findings, self.caps.glyphs, width)

    def _rows(self, guest: Domain, width: int) -> list[Row]:
        match self._tab:
            case "Doctor":
                return self._findings(width)
            case "Devices":
                return device_rows(guest, self.facts, self._use(guest), width)
            case _:
                return xml_rows(guest)

    def _use(self, guest: Domain) -> Running | None:
        """What it uses now; None where it does not run."""
        memory = self.store.get(MEMORY)
        backings = None if memory is None or isinstance(memory, Unread) else memory.guests
        return of_domain(guest, running_guests(self.store.get(LIVE), backings))

    def action_control(self) -> None:
        """What can be done with it now."""
        guest = self.guest
        if guest is not None:
            open_control(self.console, guest, self.virt, self.facts, self.findings)

    def action_change(self) -> None:
        """What can be changed of it."""
        guest = self.guest
        if guest is not None:
            open_change(self.console, guest, self.facts)

    def action_usb(self) -> None:
        """The USB devices of the host, for this guest."""
        self.app.push_screen(UsbScreen(self._guest_name))

    def action_turn(self, step: int) -> None:
        """Another tab, from its top."""
        self.on_screen_suspend()
        self._tab = TABS[(TABS.index(self._tab) + step) % len(TABS)]
        self.query_one("#guest", Rows).scroll_to(y=0, animate=False)
        self._follow()

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        found = next((f for f in self.guest_findings if key_of(f) == event.key), None)
        if found is None:
            return
        glyphs = self.caps.glyphs
        title = row((" evidence ", "reverse"), f" {found.code}")
        self.app.push_screen(
            TextScreen(title, lambda width: finding_detail(found, glyphs, width), finding_text([found]))
        )

    def action_copy(self) -> None:
        """Its findings as Markdown on the first tab, else its XML."""
        guest = self.guest
        if guest is None:
            return
        self.app.copy_to_clipboard(finding_text(self.guest_findings) if self._tab == TABS[0] else guest.xml)
        self.app.notify("copied, if this terminal allows it", markup=False, timeout=2)

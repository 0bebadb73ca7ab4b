"""The host's USB devices, to be given to one guest."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from vfiotui.model.base.reading import or_else
from vfiotui.state.topics import FACTS, VIRT
from vfiotui.tui.actions import MOVE, READ_AGAIN, Action, bindings
from vfiotui.tui.message_box import say
from vfiotui.tui.open_plan import open_goals
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.guests.usb_view import ids_at, state_of, usb_rows
from vfiotui.tui.text import clean, fit
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows

USB = Action("u", "usb", "USB", "the host's USB ports and devices, to give them to the guest")
ATTACH = Action("a", "attach", "attach", "gives the device to the guest: now where it runs, else in its definition")
DETACH = Action("d", "detach", "detach", "takes it from the guest: now where it runs, else from its definition")
FOLLOW = Action("f", "follow", "follow port", "the guest gets what is plugged into this port, now and always")
FOLLOW_IDS = Action("i", "follow_ids", "follow ids", "the guest gets every device with these ids, now and always")
UNFOLLOW = Action("x", "unfollow", "unfollow", "the guest gets what is plugged in here by itself no more")
BACK_TO_GUESTS = Action("escape,backspace", "dismiss", "back", "back to the guests")


class UsbScreen(ConsoleScreen):
    """The tree, for a guest by its name."""

    MODE = "guests"
    TOPICS = (FACTS, VIRT)
    KEYS = (ATTACH, FOLLOW, DETACH, FOLLOW_IDS, UNFOLLOW, MOVE, BACK_TO_GUESTS)
    PAGE = (
        "Controllers, their buses, ports and what is plugged in, with what the host and guests use. Each key makes a "
        "plan for the row under the cursor, which is shown first. What the host cannot do without, such as a mounted "
        "stick or its only keyboard, is refused.",
        "",
        ATTACH,
        DETACH,
        FOLLOW,
        FOLLOW_IDS,
        UNFOLLOW,
        READ_AGAIN,
        BACK_TO_GUESTS,
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._guest_name = name

    def compose_body(self) -> ComposeResult:
        """For which guest, and the tree."""
        yield Line(id="heading")
        yield Rows(id="usb")

    def on_mount(self) -> None:
        """Keys go to the tree."""
        super().on_mount()
        self.query_one("#usb", Rows).focus()

    def draw(self, topic: str) -> None:
        """The tree anew."""
        page = self.query_one("#usb", Rows)
        width = (page.size.width or 80) - 1
        state = state_of(self.virt, self._guest_name) or "gone"
        name = fit(self._guest_name, min(len(self._guest_name), max(width - 24, 8)))
        self.query_one("#heading", Line).show(row("USB for ", (name, "accent"), f"  {clean(state)}"))
        page.show(usb_rows(self.facts, self.virt, width))

    @property
    def _port(self) -> str:
        return self.query_one("#usb", Rows).key

    def _plan(self, goal: str, word: str) -> None:
        if word:
            open_goals(self.console, [(goal, f"{self._guest_name}/{word}")])
        else:
            say(self.console, "USB", "Put the cursor on a port or device.")

    def _runs(self) -> bool:
        return state_of(self.virt, self._guest_name) in ("running", "paused", "pm suspended")

    def action_attach(self) -> None:
        """Now, or in the definition."""
        if self._runs():
            self._plan("usb.attach", self._port)
        else:
            self._plan("domain.usb.add", ids_at(self.facts, self._port))

    def action_detach(self) -> None:
        """Now, or from the definition."""
        self._plan("usb.detach" if self._runs() else "domain.usb.drop", self._port)

    def action_follow(self) -> None:
        """The port."""
        self._plan("usb.follow", self._port)

    def action_follow_ids(self) -> None:
        """What is plugged into it."""
        self._plan("usb.follow", ids_at(self.facts, self._port))

    def action_unfollow(self) -> None:
        """The port, else the ids of what is plugged into it."""
        facts = self.facts
        follows = () if facts is None else or_else(facts.usb_follows, ())
        ids = ids_at(facts, self._port)
        mine = any(f.ids == ids and f.guest == self._guest_name for f in follows)
        self._plan("usb.unfollow", ids if ids and mine else self._port)

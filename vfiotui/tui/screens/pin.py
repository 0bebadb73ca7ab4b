"""Screen 3: the processors as they are, and who is pinned where."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.model.domain import Domain
from vfiotui.model.reading import Unread
from vfiotui.tui.row import row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.text import clean
from vfiotui.tui.views.pin import cpu_detail, guest_lines, owners_of, pin_rows, pin_words
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows


class PinScreen(ConsoleScreen):
    """The map, a line about one CPU, and the guests' pins in words."""

    MODE = "pin"
    TOPICS = ("facts", "virt")
    KEYS = (("t", "guest"), ("←→", "CPU"), ("↑↓", "scroll"), ("r", "read again"))
    HELP_TEXT = (
        "Each box is a level 3 cache with the cores that share it; each cell is a CPU, SMT siblings "
        "stand one above the "
        "other. v0 … are vCPUs, emu is QEMU's own thread, io1 an iothread, host is free of pins. A + "
        "means more than one "
        "owner, a ! two vCPUs on one CPU, a * that the CPU is isolated.\n\n"
        "t  the next guest: its marks stand out\nleft right, h l  the next CPU; the line below the map "
        "tells all about it"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_guest", "guest", show=False),
        Binding("left,h", "cpu(-1)", "CPU", show=False),
        Binding("right,l", "cpu(1)", "CPU", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._guest = ""
        self._cpu = 0

    def compose_body(self) -> ComposeResult:
        """Headline, map, CPU, guests."""
        yield Line(id="headline")
        yield Rows(id="map", cursor=False)
        yield Line(id="cpu")

    def on_mount(self) -> None:
        """Keys go to the map."""
        super().on_mount()
        self.query_one(Rows).focus()

    def domains(self) -> tuple[Domain, ...]:
        """The guests that are known."""
        virt = self.virt
        return () if virt is None or isinstance(virt.domains, Unread) else virt.domains

    def chosen(self) -> Domain | None:
        """The chosen guest: the named one, else a running one with pins, else the first."""
        domains = self.domains()
        order = sorted(domains, key=lambda d: (d.name != self._guest, not d.running, not d.vcpu_pins))
        return order[0] if order else None

    def draw(self, topic: str) -> None:
        """The map anew."""
        facts, guest = self.facts, self.chosen()
        page = self.query_one("#map", Rows)
        if facts is None:
            page.show([row(("reading the processors …", "accent"))])
            return
        width = (page.size.width or 80) - 1
        name = guest.name if guest else ""
        headline = (
            row(" ", (clean(name), "head"), f"  {pin_words(guest)}") if guest else row((" no guest is known", "dim"))
        )
        self.query_one("#headline", Line).show(headline)
        guests = guest_lines(self.domains(), name, width)
        page.show([*pin_rows(facts, self.domains(), name, self.caps.glyphs, width), row(("guests", "head")), *guests])
        if not isinstance(facts.cpu, Unread):
            text = cpu_detail(facts.cpu, self._cpu, owners_of(self.domains(), name))
            self.query_one("#cpu", Line).show(row((" ", ""), (text, "accent")))

    def action_next_guest(self) -> None:
        """The next guest's marks stand out."""
        names = [d.name for d in self.domains()]
        guest = self.chosen()
        if names and guest is not None:
            self._guest = names[(names.index(guest.name) + 1) % len(names)]
            self.redraw()

    def action_cpu(self, step: int) -> None:
        """The next CPU in the line below the map."""
        facts = self.facts
        if facts is not None and not isinstance(facts.cpu, Unread):
            numbers = [c.cpu for c in facts.cpu.cpus]
            place = numbers.index(self._cpu) if self._cpu in numbers else 0
            self._cpu = numbers[(place + step) % len(numbers)]
            self.draw("facts")

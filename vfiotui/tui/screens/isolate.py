"""Screen 2: what is configured, overridden and bound, device by device."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from vfiotui.tui.row import row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.screens.text import TextScreen
from vfiotui.tui.text import clean
from vfiotui.tui.views.groups import device_detail
from vfiotui.tui.views.isolate import isolate_rows
from vfiotui.tui.widgets.rows import Rows


class IsolateScreen(ConsoleScreen):
    """One table of devices."""

    MODE = "isolate"
    TOPICS = ("facts",)
    KEYS = (("enter", "open"), ("/", "filter"), ("r", "read again"))
    HELP_TEXT = (
        "configured  how the configuration asks for vfio-pci: ids in modprobe.d, cmdline on the kernel command line\n"
        "override  driver_override of the device: only a driver of this name may bind it\n"
        "bound now  the driver that has it\n"
        "A device that is configured but not bound to vfio-pci is marked. Below a device stands why it "
        "has to stay with "
        "the host as things are.\n\nenter  everything about the device\n/  keeps only what holds a text"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False),
        Binding("escape", "clear", "clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""

    def compose_body(self) -> ComposeResult:
        """The table, and the filter below."""
        yield Rows(id="devices")
        yield Input(id="filter", placeholder="filter: any text; esc clears", compact=True)

    def on_mount(self) -> None:
        """Keys go to the table."""
        super().on_mount()
        self.query_one(Rows).focus()

    def draw(self, topic: str) -> None:
        """The table anew."""
        table = self.query_one("#devices", Rows)
        table.show(isolate_rows(self.facts, (table.size.width or 80) - 1, self._wanted))

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        bdf = event.key.removeprefix("device ")
        facts = self.facts
        if facts is not None:
            title = row((" device ", "reverse"), f" {clean(bdf)}")
            self.app.push_screen(TextScreen(title, lambda width: device_detail(facts, bdf, width)))

    def action_filter(self) -> None:
        """Opens the filter."""
        box = self.query_one("#filter", Input)
        box.add_class("-open")
        box.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._wanted = event.value
        self.draw("facts")

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#devices", Rows).focus()

    def action_clear(self) -> None:
        """Closes and empties the filter."""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("-open")
        self.query_one("#devices", Rows).focus()

"""Screen 5: what every vCPU gets, and how long it waits."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vfiotui.model.live import GuestMoment, LiveMoment
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.text import clean
from vfiotui.tui.views.live import big_rows, guests_of, live_rows
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows

STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between samples that + and - step through."""
KEPT = 600
"""Samples that are looked at."""


class LiveScreen(ConsoleScreen):
    """One table that is drawn at every sample."""

    MODE = "live"
    TOPICS = ("live", "facts")
    KEYS = (("enter", "graph"), ("t", "guest"), ("c", "host CPUs"), ("p", "pause"), ("+-", "interval"))
    HELP_TEXT = (
        "Each row is a thread of the guest: where it may run and where it ran last, the frequency of that CPU, and how "
        "many milliseconds of each second it was ready but had to wait (run_delay of schedstat). busy is the time on a "
        "CPU; forced counts the times it was pushed off.\n\nA ? is a moment without a value: the first sample has no "
        "rate, a nohz_full CPU shows no frequency.\n\n"
        "enter  the graphs of the row, large; esc goes back\nt  the next guest\nc  host CPUs below the guest\n"
        "p  pauses the picture; samples go on\n+ -  seconds between samples, 0.1 to 10"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_guest", "guest", show=False),
        Binding("c", "cpus", "host CPUs", show=False),
        Binding("p", "pause", "pause", show=False),
        Binding("plus,equals_sign", "interval(1)", "slower", show=False),
        Binding("minus", "interval(-1)", "faster", show=False),
        Binding("escape", "back", "back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._guest = ""
        self._cpus = False
        self._paused: tuple[LiveMoment, ...] | None = None
        self._big = ""

    def compose_body(self) -> ComposeResult:
        """A headline and the table."""
        yield Line(id="headline")
        yield Rows(id="live")

    def on_mount(self) -> None:
        """Keys go to the table."""
        super().on_mount()
        self.query_one(Rows).focus()

    def history(self) -> tuple[LiveMoment, ...]:
        """The samples that are shown: those of the pause, or the newest."""
        return (
            self._paused
            if self._paused is not None
            else cast("tuple[LiveMoment, ...]", self.store.history("live", KEPT))
        )

    def chosen(self, history: tuple[LiveMoment, ...]) -> GuestMoment | None:
        """The chosen guest, or the first one that runs."""
        guests = guests_of(history[-1] if history else None)
        return next((g for g in guests if g.name == self._guest), guests[0] if guests else None)

    def draw(self, topic: str) -> None:
        """The table of the newest sample."""
        if topic == "live" and self._paused is not None:
            return
        history = self.history()
        guest = self.chosen(history)
        table = self.query_one("#live", Rows)
        width = (table.size.width or 80) - 1
        self.query_one("#headline", Line).show(self._headline(guest, len(guests_of(history[-1] if history else None))))
        if self._big and history:
            table.show(
                big_rows(history, guest.name if guest else "", self._big, self.caps.glyphs, width, table.size.height)
            )
        else:
            table.show(live_rows(history, guest, self._cpus, self.caps.glyphs, width))

    def _headline(self, guest: GuestMoment | None, count: int) -> Row:
        words = f"{self.console.sampler.interval:g} s"
        name = clean(guest.name) if guest else "no guest runs"
        demo = self.console.root_.mode == "DEMO"
        return row(
            " ",
            (name, "head"),
            f" · {count} running · every {words}",
            (" · paused", "mark") if self._paused is not None else "",
            (" · figures made up for show", "mark") if demo else "",
        )

    def action_next_guest(self) -> None:
        """The next running guest."""
        guests = [g.name for g in guests_of(self.history()[-1] if self.history() else None)]
        if guests:
            now = guests.index(self._guest) if self._guest in guests else 0
            self._guest = guests[(now + 1) % len(guests)]
            self._big = ""
            self.redraw()

    def action_cpus(self) -> None:
        """Shows or hides the host's CPUs."""
        self._cpus = not self._cpus
        self.redraw()

    def action_pause(self) -> None:
        """Holds the picture, or lets it go on."""
        self._paused = self.history() if self._paused is None else None
        self.redraw()

    def action_interval(self, step: int) -> None:
        """The next slower or faster interval."""
        sampler = self.console.sampler
        now = min(range(len(STEPS)), key=lambda i: abs(STEPS[i] - sampler.interval))
        sampler.interval = STEPS[min(max(now + step, 0), len(STEPS) - 1)]
        self.redraw()

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self._big = event.key
        self.redraw()

    def action_back(self) -> None:
        """From the large graphs to the table."""
        key, self._big = self._big, ""
        self.redraw()
        self.query_one("#live", Rows).select(key)

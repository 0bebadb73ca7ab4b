"""Screen 5: what every vCPU gets, and how long it waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from vfiotui.history import LiveHistory
from vfiotui.model.reading import Unread
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.text import clean
from vfiotui.tui.views.culprits import culprit_rows, late_keys
from vfiotui.tui.views.live import Table, clock_text, key_of, live_rows
from vfiotui.tui.views.live_big import AXIS, big_rows
from vfiotui.tui.views.window import ZOOMS, Window
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows

HUNT_SECONDS = 10.0
"""How long culprits are looked for after a vCPU has waited."""
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between samples that + and - step through."""


class LiveScreen(ConsoleScreen):
    """One table that is drawn at every sample, or one row of it in large graphs."""

    MODE = "live"
    TOPICS = ("live",)
    KEYS = (
        ("enter", "graph"),
        ("t", "guest"),
        ("p", "pause"),
        ("←→", "time"),
        ("z", "zoom"),
        ("w", "who"),
        ("m", "mark"),
        ("c", "CPUs"),
        ("+-", "interval"),
    )
    HELP_TEXT = (
        "Each row is a thread of the guest: where it may run and where it ran last, the frequency of that CPU, and how "
        "many milliseconds of each second it was ready but had to wait (run_delay of schedstat). busy is the time on a "
        "CPU; forced counts the times it was pushed off, switch the time slices, both per second.\n\n"
        "A ? is a moment without a value: the first sample has no rate, a nohz_full CPU shows no frequency. Pins and "
        "forced switches are read every 5 s.\n\n"
        "enter  the graphs of the row, large; esc goes back\nt  the next guest\nc  host CPUs below the guest\n"
        "p  the picture stands; until it goes on a sample is taken every 5 s\n"
        "left right  back and forth in time, < and > in larger steps, esc back to now\n"
        "z Z  more or less time in a cell: of the samples in a cell the longest delay and the lowest frequency show\n"
        "w  who else runs on the CPUs of the vCPUs; while one waits long it is looked for unasked, seldom\n"
        "m  marks the moment\n+ -  seconds between samples, 0.1 to 10"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_guest", "guest", show=False),
        Binding("c", "cpus", "host CPUs", show=False),
        Binding("p", "pause", "pause", show=False),
        Binding("w", "who", "who runs there", show=False),
        Binding("m", "mark", "mark", show=False),
        Binding("z", "zoom(1)", "zoom out", show=False),
        Binding("Z", "zoom(-1)", "zoom in", show=False),
        Binding("left,h", "seek(-1)", "back", show=False, priority=True),
        Binding("right,l", "seek(1)", "forth", show=False, priority=True),
        Binding("less_than_sign", "seek(-30)", "far back", show=False),
        Binding("greater_than_sign", "seek(30)", "far forth", show=False),
        Binding("plus,equals_sign", "interval(1)", "slower", show=False),
        Binding("minus", "interval(-1)", "faster", show=False),
        Binding("escape", "back", "back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._guest = ""
        self._cpus = False
        self._zoom = 1
        self._paused = False
        self._end: int | None = None
        """Where the window ends while it stands; None while it follows the newest sample."""
        self._at: int | None = None
        """The sample that is read; None for the last of the window."""
        self._big = ""
        self._table: Table | None = None
        self._playing: Timer | None = None
        self._asked = False
        """Whether culprits are wanted though no vCPU waits."""
        self._hunt_until = 0.0
        self._leave_hunt: Callable[[], None] | None = None

    def compose_body(self) -> ComposeResult:
        """A headline and the table."""
        yield Line(id="headline")
        yield Rows(id="live")
        yield Rows(id="culprits", cursor=False)

    def on_mount(self) -> None:
        """Keys go to the table."""
        self._guest = self.console.live_guest
        if self.console.recording is not None:
            self._end = self.history.count
        super().on_mount()
        self.query_one("#live", Rows).focus()

    @property
    def history(self) -> LiveHistory:
        """What was measured."""
        return cast("LiveHistory", self.store.kept("live"))

    @property
    def table(self) -> Table:
        """How the table is drawn; begins anew with other glyphs."""
        if self._table is None or self._table.glyphs is not self.caps.glyphs:
            self._table = Table(self.caps.glyphs)
        return self._table

    @property
    def guest(self) -> str:
        """The chosen guest, or the first one that runs; "" where none does."""
        guests = self.history.guests
        return self._guest if self._guest in guests else next(iter(guests), "")

    @property
    def window(self) -> Window:
        """The samples that are shown."""
        return Window(self.history.count if self._end is None else self._end, self._zoom)

    @property
    def at(self) -> int:
        """The sample that is read."""
        return self.window.end - 1 if self._at is None else self._at

    def draw(self, topic: str) -> None:
        """The table of the newest sample."""
        rows = self.query_one("#live", Rows)
        self.query_one("#headline", Line).show(self._headline())
        self.console.sampler.focus = self.guest
        failed = self.store.get("live")
        if isinstance(failed, Unread):
            rows.show([row((clean(str(failed)), "unknown"))])
            return
        width = (rows.size.width or 80) - 1
        if self._big and self.history.count:
            key = key_of(self.guest, self._big)
            rows.show(big_rows(self.history, key, self.window, self.at, self.table, width, rows.size.height))
        else:
            rows.show(live_rows(self.history, self.guest, self.window, self.at, self.table, width, cpus=self._cpus))
        self._hunt()

    def changed(self, topic: str) -> None:
        """A picture that stands is not drawn again; while the past is looked at, the headline tells how far it is."""
        if topic == "culprits":
            self._draw_culprits()
        elif topic != "live" or self._end is None:
            super().changed(topic)
        elif not self._paused:
            self.query_one("#headline", Line).show(self._headline())

    def on_screen_suspend(self) -> None:
        """Nobody is hunted behind another screen."""
        super().on_screen_suspend()
        self._end_hunt()

    def _hunt(self) -> None:
        """While a vCPU waits, and for a while after, it is looked who else runs on the CPUs of its guest."""
        history, guest = self.history, self.guest
        if self.console.recording is not None or self._end is not None or not history.count:
            if self._paused:
                self._end_hunt()
            return
        at = history.count - 1
        self.console.sampler.asked = self._asked
        if self._asked or late_keys(history, guest, at):
            self._hunt_until = history.at(at) + HUNT_SECONDS
        ran = [history.value(k, "ran_on", at) for k in history.guests.get(guest, ()) if k[1] == "vcpu"]
        self.console.sampler.cores = frozenset(int(v) for v in ran if v == v)
        if history.at(at) >= self._hunt_until:
            self._end_hunt()
        elif self._leave_hunt is None:
            self._leave_hunt = self.store.subscribe("culprits", self.console.bridge.tell)
        self._draw_culprits()

    def _end_hunt(self) -> None:
        if self._leave_hunt is not None:
            self._leave_hunt()
            self._leave_hunt = None
            self.store.push("culprits", None)

    def _draw_culprits(self) -> None:
        pane = self.query_one("#culprits", Rows)
        look = self.store.get("culprits")
        if not self.guest or self._big or self.console.recording is not None:
            pane.show([])
            return
        if isinstance(look, Unread):
            pane.show([row((clean(str(look)), "unknown"))])
            return
        width = (pane.size.width or 80) - 1
        hunting = self._leave_hunt is not None
        at = self.history.count - 1 if hunting and not self._asked else self.at
        pane.show(culprit_rows(self.history, self.guest, at, look, self._asked, width))

    def action_who(self) -> None:
        """Looks who else runs on the CPUs of all vCPUs, or only of those that wait."""
        self._asked = not self._asked
        self._hunt_until = 0.0
        self.redraw()

    def _headline(self) -> Row:
        history = self.history
        count = len(history.guests)
        name = clean(self.guest) if self.guest else "no guest runs"
        back = ""
        recording = self.console.recording
        if recording is not None:
            back = f" · {clean(recording[0])} at {clock_text(history.wall(self.at))}"
            back += f", sample {self.at + 1} of {history.count}"
        elif self._end is not None and history.count:
            ago = history.at(history.count - 1) - history.at(self.at)
            back = f" · {clock_text(history.wall(self.at))}, {ago:.1f} s ago"
        return row(
            " ",
            (name, "head"),
            f" · {count} running · every {self._interval:.2g} s",
            f" · {self._zoom} samples a cell" if self._zoom > 1 else "",
            (back, "mark"),
            (" · paused", "mark") if self._paused else "",
            (f" · {self.console.restraint.sentence}", "dim") if self.console.restraint.sentence else "",
            (" · figures made up for show", "mark") if self.console.root_.mode == "DEMO" else "",
        )

    @property
    def _interval(self) -> float:
        recording = self.console.recording
        return self.console.sampler.interval if recording is None else recording[1]

    def action_next_guest(self) -> None:
        """The next running guest."""
        guests = list(self.history.guests)
        if guests:
            self._guest = guests[(guests.index(self.guest) + 1) % len(guests)]
            self._big = ""
            self.redraw()

    def action_cpus(self) -> None:
        """Shows or hides the host's CPUs."""
        self._cpus = not self._cpus
        self.redraw()

    def action_pause(self) -> None:
        """Holds the picture, or lets it go on; a recording plays, or stands."""
        if self.console.recording is not None:
            self._play()
            return
        self._paused = not self._paused
        self._end = self.window.end if self._paused else None
        self._at = self._at if self._paused else None
        self.console.sampler.pause(self._paused)
        self.redraw()

    def _play(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None
            return
        self._playing = self.set_interval(self._interval, lambda: self.action_seek(1))

    def action_seek(self, cells: int) -> None:
        """The reading cursor moves in time; at the edge the window moves with it."""
        history = self.history
        if not history.count:
            return
        window = self.window
        at = min(max(self.at + cells * self._zoom, history.first), history.count - 1)
        end = window.end
        if at >= end:
            end = min(at + self._zoom, history.count)
        width = max((self.query_one("#live", Rows).size.width or 80) - 1 - AXIS, 10) if self._big else 12
        while window.cell_of(at, width) is None and at < end and end > history.first + 1:
            end -= max(self._zoom, 1)
            window = Window(end, self._zoom)
        self._end, self._at = end, at
        self.redraw()

    def action_zoom(self, step: int) -> None:
        """More samples in a cell, or fewer."""
        place = ZOOMS.index(self._zoom) + step
        self._zoom = ZOOMS[min(max(place, 0), len(ZOOMS) - 1)]
        self.redraw()

    def action_mark(self) -> None:
        """Marks the sample that is read."""
        if self.history.count:
            self.history.mark("by hand", number=self.at)
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
        """To the present, or from the large graphs to the table."""
        if self._big and self.console.recording is not None:
            self._at = self.at
        elif self._at is not None or (self._end is not None and not self._paused):
            self._at = None
            standing = self._paused or self.console.recording is not None
            self._end = self.window.end if standing else None
            self.redraw()
            return
        key, self._big = self._big, ""
        self.redraw()
        self.query_one("#live", Rows).select(key)

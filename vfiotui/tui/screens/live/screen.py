"""Screen 5: what every vCPU gets, and how long it waits."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer

from vfiotui.live.history import LiveHistory
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.guest.domain import Virt
from vfiotui.state.topics import CORE, CULPRITS, EXITS, LIVE, TRACE
from vfiotui.tui.actions import Action, bindings
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.live import actions
from vfiotui.tui.screens.live.interference import culprit_rows
from vfiotui.tui.screens.live.large_row import AXIS, big_rows
from vfiotui.tui.screens.live.time_cursor import TimeCursor, next_interval
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.verdict import Worst, verdict_rows
from vfiotui.tui.screens.live.view import Table, graph_widths, headline_row, key_of, live_rows, past_words
from vfiotui.tui.text import clean
from vfiotui.tui.wait_investigation import WaitInvestigation
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    # What writes files is loaded when a recording begins.
    from vfiotui.tui.screens.live.recording import LiveRecording

MORE = (CORE, TRACE, EXITS)
ASKED = frozenset({CULPRITS, *MORE})
"""Topics that are read only when they are asked for."""


class LiveScreen(ConsoleScreen):
    """One table that is drawn at every sample, or one row of it in large graphs."""

    MODE = "live"
    TOPICS = (LIVE,)
    KEYS = actions.KEYS
    PAGE = actions.LIVE
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self._guest = ""
        self._told: tuple[Virt | None, frozenset[str]] = None, frozenset()
        """The guests that run by libvirt's last word, and that word."""
        self._cpus = False
        self._sight = TimeCursor()
        self._opened = ""
        self._table: Table | None = None
        self._playing: Timer | None = None
        self._worst = Worst()
        self._verdict_of: tuple[object, ...] = ()
        """What the verdict was made of."""
        self._hunt: WaitInvestigation | None = None
        self._recording: LiveRecording | None = None
        self._headline_of: tuple[object, ...] = ()
        """What the headline was made of."""
        self._has_more = True
        """Whether something stands below the table."""

    def compose_body(self) -> ComposeResult:
        """A headline, the answer, the table, and what was asked for."""
        yield Line(id="headline")
        yield Rows(id="verdict", cursor=False)
        yield Rows(id="live")
        yield Rows(id="more", cursor=False)

    def on_mount(self) -> None:
        """Keys go to the table."""
        self._guest = self.console.live_guest
        if self.console.recording is not None:
            self._sight.end = self.history.count
        super().on_mount()
        self.query_one("#verdict", Rows).can_focus = False
        self._list.focus()

    @property
    def hunt(self) -> WaitInvestigation:
        """The hunt for reasons."""
        if self._hunt is None:
            console = self.console
            self._hunt = WaitInvestigation(
                self.store,
                console.sampler,
                lambda: console.live_asks,
                console.bridge.tell,
                console.investigates,
                console.recorded_looks,
            )
        return self._hunt

    @property
    def history(self) -> LiveHistory:
        """What was measured."""
        return cast("LiveHistory", self.store.kept(LIVE))

    @property
    def table(self) -> Table:
        """How the table is drawn; begins anew with other glyphs."""
        if self._table is None or self._table.glyphs is not self.caps.glyphs:
            self._table = Table(self.caps.glyphs)
        return self._table

    @property
    def guest(self) -> str:
        """The chosen guest, or the first one that runs, libvirt's before others; "" where none does."""
        guests = self.history.guests
        if self._guest in guests:
            return self._guest
        virt = self.virt
        if virt is not self._told[0]:
            domains = () if virt is None else or_else(virt.domains, ())
            self._told = virt, frozenset(d.name for d in domains if d.running)
        return next((name for name in guests if name in self._told[1]), next(iter(guests), ""))

    @property
    def _gone(self) -> str:
        """The chosen guest where it does not run and another one is shown instead, else ""."""
        return self._guest if self._guest and self.guest not in ("", self._guest) else ""

    @property
    def _big(self) -> str:
        """The thread of the large graphs: none while its guest does not run."""
        return "" if self._gone else self._opened

    @property
    def window(self) -> Window:
        """The samples that are shown."""
        return self._sight.window(self.history)

    @property
    def at(self) -> int:
        """The sample that is read."""
        return self._sight.at(self.history)

    def keys(self) -> list[Action]:
        """Large graphs are left, not opened."""
        usual = super().keys()
        if self.console.recording is not None:
            usual = [a.named("play") if a is actions.PAUSE else a for a in usual if a not in actions.NOT_OF_A_RECORDING]
        return [actions.TABLE, *usual[1:]] if self._big else usual

    def draw(self, topic: str) -> None:
        """The table of the newest sample."""
        rows, history, guest, width = self._list, self.history, self.guest, self._width
        self._draw_headline()
        self.console.sampler.focus = guest
        failed = self.store.get(LIVE)
        if isinstance(failed, Unread):
            rows.show([row((clean(str(failed)), "unknown"))])
            return
        if self._big and history.count:
            key = key_of(guest, self._big)
            rows.show(big_rows(history, key, self.window, self.at, self.table, width, rows.size.height))
        else:
            rows.show(live_rows(history, guest, self.window, self.at, self.table, width, cpus=self._cpus))
        if self._follows and history.count:
            self.hunt.follow(history, guest)
        elif self._sight.paused:
            self.hunt.want(CULPRITS, False)
        self._draw_verdict(width)
        self._draw_more(width)

    @cached_property
    def _list(self) -> Rows:
        """The table's widget."""
        return self.query_one("#live", Rows)

    @property
    def _width(self) -> int:
        """Cells of a row of the table."""
        return self._list.columns - 1

    @property
    def _follows(self) -> bool:
        """Whether the newest sample is shown, of a host that runs."""
        return self._sight.end is None and self.console.recording is None

    def changed(self, topic: str) -> None:
        """A picture that stands is not drawn again; while the past is looked at, the headline tells how far it is."""
        if topic in ASKED:
            self.hunt.hear(topic)
            self._draw_more(self._width)
            self._draw_verdict(self._width)
        elif topic != LIVE or self._sight.end is None:
            super().changed(topic)
        elif not self._sight.paused:
            self._draw_headline()

    def on_screen_suspend(self) -> None:
        """Nobody is hunted behind another screen."""
        super().on_screen_suspend()
        self.hunt.rest()

    def _draw_verdict(self, width: int) -> None:
        """Made anew only where something worse came, or somebody was found."""
        worst, hunt = self._worst, self.hunt
        worst.follow(self.history, self.guest, self.window, graph_widths(width)[1])
        hint = ""
        if self._follows and not hunt.wants(TRACE):
            hint = "w: who is using it" if hunt.wants(CULPRITS) else "w names who runs there from now on"
        of = (*worst.told, len(hunt.looks) and hunt.looks[-1].at, hint, width)
        if of != self._verdict_of:
            self._verdict_of = of
            rows = verdict_rows(self.history, worst, hunt.looks, hint, width)
            self.query_one("#verdict", Rows).show(rows)

    def _draw_more(self, width: int) -> None:
        """What was asked for, below the table; nothing, and no line of the screen, otherwise."""
        hunt = self.hunt
        hunt.want(CORE, bool(self._big) and self._core_of(self._big) >= 0 and self._follows)
        rows: list[Row] = []
        if any(hunt.wants(topic) for topic in MORE):
            # What nobody asks for is not even loaded.
            from vfiotui.tui.screens.live.details_view import core_rows, exit_rows, trace_rows

            if hunt.wants(CORE):
                self.console.live_asks.core = self._core_of(self._big)
                rows += core_rows(self.store.get(CORE), width)
            if hunt.wants(TRACE):
                rows += trace_rows(self.history, self.guest, self.store.get(TRACE), hunt.waits, width)
            if hunt.wants(EXITS):
                rows += exit_rows(self.store.get(EXITS), width)
        if hunt.wants(CULPRITS) and hunt.asked:
            rows += culprit_rows(self.history, self.guest, self.at, self.store.get(CULPRITS), True, width)
        if rows or self._has_more:
            self._has_more = bool(rows)
            pane = self.query_one("#more", Rows)
            pane.show(rows)
            pane.display = self._has_more

    def _core_of(self, key_text: str) -> int:
        """The host CPU of a row: its own number, or where the thread ran; -1 where that is not known."""
        key = key_of(self.guest, key_text)
        if key[1] == "cpu":
            return key[2]
        ran_on = self.history.value(key, "ran_on", self.at)
        return int(ran_on) if ran_on == ran_on else -1

    def action_who(self) -> None:
        """Looks who else runs on the CPUs of all vCPUs, or only of those that wait."""
        self.hunt.ask()
        self.redraw()

    def action_precise(self) -> None:
        """Traces, or ends that."""
        if self._follows:
            self.hunt.trace(self.history, self.guest)
            self.redraw()

    def action_exits(self) -> None:
        """Asks libvirt for exits, or ends that."""
        if self._follows:
            self.console.live_asks.guest = self.guest
            self.hunt.want(EXITS, not self.hunt.wants(EXITS))
            self.redraw()

    def action_to_mark(self, step: int) -> None:
        """The reading cursor goes to the next mark or alarm, or back to the last one."""
        places = sorted({m.number for m in self.history.marks} | {self._worst.number} - {-1})
        later = [n for n in places if n > self.at] if step > 0 else [n for n in reversed(places) if n < self.at]
        if later:
            self.action_seek_to(later[0])

    def _draw_headline(self) -> None:
        """Made anew only where something in it has changed."""
        history, console, sight = self.history, self.console, self._sight
        guest, gone, restraint = self.guest, self._gone, console.restraint.sentence
        stands = -1 if self._follows else history.count
        read = -1 if self._follows else self.at
        count, interval = len(history.guests), self._interval
        records = self._recording is not None and self._recording.runs
        seen = history.last is None or not isinstance(history.last.guests, Unread)
        of = (guest, gone, count, interval, sight.zoom, sight.paused, restraint, stands, read, seen, records)
        if of == self._headline_of:
            return
        self._headline_of = of
        notes = (
            f"{clean(gone)} does not run" if gone else "",
            f"{sight.zoom} samples a cell" if sight.zoom > 1 else "",
            past_words(history, read, "" if console.recording is None else console.recording[0]) if stands > 0 else "",
            "paused" if sight.paused else "",
            "recording" if records else "",
            "simulated data" if console.root_.mode == "DEMO" else "",
        )
        name = clean(guest) if guest else "no guest runs" if seen else "guests are not visible"
        self.query_one("#headline", Line).show(headline_row(name, count if seen else None, interval, notes, restraint))

    @property
    def _interval(self) -> float:
        recording = self.console.recording
        return self.console.sampler.interval if recording is None else recording[1]

    def action_next_guest(self) -> None:
        """The next running guest."""
        guests = list(self.history.guests)
        if guests:
            self._guest = guests[(guests.index(self.guest) + 1) % len(guests)]
            self._opened = ""
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
        self._sight.pause(self.history)
        self.console.sampler.pause(self._sight.paused)
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
        self.action_seek_to(min(max(self.at + cells * self._sight.zoom, history.first), history.count - 1))

    def action_seek_to(self, at: int) -> None:
        """The reading cursor goes to a sample that is kept."""
        width = max(self._width - AXIS, 10) if self._big else 12
        width *= 2 if self._big and self.caps.glyphs.dots else 1
        self._sight.seek(self.history, at, width)
        self.redraw()

    def action_zoom(self, step: int) -> None:
        """More samples in a cell, or fewer."""
        self._sight.step_zoom(step)
        self.redraw()

    def action_mark(self) -> None:
        """Marks the sample that is read."""
        if self.history.count:
            self.history.mark("by hand", number=self.at)
            self.redraw()

    def action_record(self) -> None:
        """Asks for a file and records into it, or ends that."""
        if self.console.recording is not None:
            return
        from vfiotui.tui.screens.live.recording import LiveRecording, ask_file

        if self._recording is None:
            self._recording = LiveRecording(self.console)
        if self._recording.runs:
            self._recording.end()
            self.redraw()
        else:
            ask_file(self.console, self._recording.begin)

    def action_interval(self, step: int) -> None:
        """The next slower or faster interval."""
        sampler = self.console.sampler
        sampler.interval = next_interval(sampler.interval, step)
        self.redraw()

    @on(Rows.Chosen)
    def _open(self, event: Rows.Chosen) -> None:
        self._guest, self._opened = self.guest, event.key
        self.redraw()

    def action_back(self) -> None:
        """To the present, or from the large graphs to the table."""
        recorded = self.console.recording is not None
        if self._big and recorded:
            self._sight.read = self.at
        elif self._sight.back(self.history, recorded=recorded):
            self.redraw()
            return
        key, self._opened = self._big, ""
        self.redraw()
        self._list.select(key)

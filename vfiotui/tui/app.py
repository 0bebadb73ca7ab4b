"""The console: it holds the store, its feeders and the screens."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.driver import Driver
from textual.events import Resize
from textual.filter import LineFilter
from textual.geometry import Size
from textual.screen import Screen

from vfiotui.host.live.own_threads import SelfAffinity
from vfiotui.host.live.trace_leftovers import remove_leftovers
from vfiotui.host.root.root import Root
from vfiotui.live.history import LiveHistory
from vfiotui.live.sampler import Readers, Sampler
from vfiotui.live.self_affinity import SelfRestraint
from vfiotui.model.base.mode import Mode
from vfiotui.model.live.sample import LiveMoment
from vfiotui.state.bridge import Bridge
from vfiotui.state.journal_watcher import JournalWatcher
from vfiotui.state.store import Store
from vfiotui.state.topics import DEVICE_EVENTS, FACTS, LIVE, VIRT, Topic
from vfiotui.tui.actions import APP, TABS, bindings, help_text
from vfiotui.tui.after_first import load_the_rest
from vfiotui.tui.messages import RunRequested
from vfiotui.tui.notifications import Notifications
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.base.small import TooSmall
from vfiotui.tui.terminal import door
from vfiotui.tui.terminal.alphabet import ALPHABETS, console_of
from vfiotui.tui.terminal.capabilities import COLUMNS, LINES, SETS, Caps
from vfiotui.tui.terminal.signals import end_on_signals
from vfiotui.tui.text import clean
from vfiotui.tui.themes import load_themes

if TYPE_CHECKING:
    # What the first frame does not show is loaded after it, or when it is wanted.
    from vfiotui.model.facts import Facts
    from vfiotui.model.finding.finding import Finding
    from vfiotui.model.live.interference import Culprits
    from vfiotui.rules.rejudge import Rejudge
    from vfiotui.state.facts_refresher import FactsRefresher
    from vfiotui.tui.screens.live.details import LiveDetails

PATIENCE = 0.4
"""Seconds for which the first frame waits for what it is opened for."""
HEAD_START = 0.05
"""Seconds for which the first frame has the processor for itself."""
GARBAGE = 10_000
"""Objects that may be garbage in a ring before the collector looks for them: with Python's own 700 the search was an
eighth of what Live costs."""
FIRST: dict[str, Topic[Any]] = {"live": LIVE}
"""The topic that brings a screen's first values, where that are not the facts."""


def _commands() -> type[Provider]:
    """What the palette offers, loaded when it is opened."""
    from vfiotui.tui.commands import Commands

    return Commands


class ConsoleApp(App[int]):
    """The whole console over one root."""

    CSS_PATH = "vfiotui.tcss"
    TITLE = "vfiotui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {_commands}  # noqa: RUF012 - Textual reads a plain set
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)

    def __init__(
        self,
        root: Root,
        caps: Caps,
        *,
        uri: str | None = None,
        theme: str = "",
        start: str = "host",
        readers: Readers | None = None,
    ) -> None:
        """`readers` have taken a sample already: it is the history's first, and the next one has rates."""
        # Textual opens the screen of this mode by itself: a blank one would be drawn, and thrown away, before ours.
        self.DEFAULT_MODE = start  # type: ignore[misc]
        # The colour filter is chosen inside Textual's own constructor: it must know of 16 colours then.
        super().__init__(ansi_color=True if caps.few_colours or caps.no_colour else None)
        self.console = console_of(caps, self.console)
        self.root_ = root
        self.caps = caps
        self.store = Store()
        self.bridge = Bridge(self._push, self._changed, self._fail)
        self._start = start
        for _, mode, _ in TABS:
            if mode != start:
                self.add_mode(mode, partial(self._make_screen, mode))
        self._bad_themes = self._load_themes(theme or ("console" if caps.few_colours or caps.no_colour else "dark"))
        self._uri = uri
        self.history = LiveHistory()
        self.store.keep_in(LIVE, self.history)
        if readers is not None and readers.newest is not None:
            self.store.push(LIVE, readers.newest, keep=True)
        self.sampler = Sampler(root, self.bridge.post, self._written, readers)
        self._restraint = SelfRestraint(root)
        self.news = Notifications(self)
        """What is reported of the guests while they run."""
        self._live_asks: LiveDetails | None = None
        self.live_guest = ""
        """The guest that Live shows first."""
        self.recording: tuple[str, float] | None = None
        """A recording that is replayed: its name, and the seconds between its samples."""
        self.unsaved: dict[str, Callable[[], str]] = {}
        self.recorded_looks: tuple[Culprits, ...] = ()
        """Who was seen on the CPUs when it was recorded."""
        self.follow = JournalWatcher(root, self.store, self.action_read_again)
        self.watch_: FactsRefresher | None = None
        """What reads the whole host; where Live is opened, only after its first frame."""
        self._feeding: asyncio.Task[None] | None = None
        self._rejudge: Rejudge | None = None
        self._unseen = ExitStack()
        self._painting = False

    def _load_themes(self, wanted: str) -> list[str]:
        """Chooses the theme before the first style is computed; gives a sentence for each file that is no theme."""
        themes, bad = load_themes()
        for theme in themes:
            self.register_theme(theme)
        self.theme_names = tuple(t.name for t in themes)
        """The themes that can be chosen: ours and the user's own."""
        self.set_reactive(App.theme, wanted if wanted in self.theme_names else "dark")
        self.stylesheet.set_variables(self.get_css_variables())
        return bad

    def get_default_screen(self) -> Screen[Any]:
        """The first screen; made in this way, and not as one of several modes, it has its styles worked out once."""
        return self._make_screen(self._start)

    @property
    def live_asks(self) -> LiveDetails:
        """What Live reads only when somebody asks for it; made for the first who does."""
        if self._live_asks is None:
            from vfiotui.tui.screens.live.details import LiveDetails

            self._live_asks = LiveDetails(self.root_, self.store, self._uri)
        return self._live_asks

    def _make_screen(self, name: str) -> Screen[Any]:
        """Imports a screen when it is first visited."""
        kind: type[ConsoleScreen] = getattr(
            import_module(f"vfiotui.tui.screens.{name}.screen"), f"{name.capitalize()}Screen"
        )
        screen = kind()
        self.fit_glyphs(screen, update=False)
        return screen

    def get_driver_class(self) -> type[Driver]:
        """The driver that sleeps until there is input, where it may be used; else Textual's own."""
        return door.driver_class() or door.clean_driver(super().get_driver_class())

    @property
    def follows_libvirt(self) -> bool:
        """Whether the guests come from a daemon, and not from the root's files."""
        return self.root_.is_live or (self._uri is not None and self.root_.mode is not Mode.DEMO)

    def on_load(self) -> None:
        """Before the terminal is taken: from now on no signal leaves it behind."""
        end_on_signals(self)

    def on_mount(self) -> None:
        """The feeders; the first screen is there already."""
        self.add_mode(self._start, self.get_default_screen)
        # The first frame that is painted has the facts in it, unless they take long.
        self._unseen.enter_context(self.batch_update())
        self.set_timer(PATIENCE, self._begin_painting)
        if self._bad_themes:
            self.notify("; ".join(self._bad_themes), title="themes", severity="warning", markup=False)
        self.bridge.open()
        self.store.on_wanted(self._want)
        self.store.subscribe(VIRT, self._guests_changed)
        self.store.subscribe(DEVICE_EVENTS, self._device_events_changed)
        self.store.listen(FACTS, lambda _: self.news.hear_facts())
        self.sampler.start()
        self.follow.start()
        if self._start not in FIRST:
            self._feed()

    def _fail(self, error: Exception) -> None:
        """A fault beside Textual's own messages: raised among them, it ends the console in order."""

        def broken() -> None:
            raise error

        self.call_next(broken)

    async def on_unmount(self) -> None:
        """Ends the feeders."""
        self.sampler.stop()
        self.bridge.close()
        if self._feeding is not None:
            await self._feeding
        if self._live_asks is not None:
            await self._live_asks.stop()
        await self.follow.stop()
        if self.watch_ is not None:
            await self.watch_.stop()

    def _feed(self) -> None:
        """Starts what reads the whole host, once."""
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._start_feeders())

    async def _start_feeders(self) -> None:
        """Their many modules are loaded in a worker: keys are answered meanwhile."""
        watch, removed = await asyncio.to_thread(lambda: (load_the_rest(), remove_leftovers(self.root_)))
        if removed:
            self.notify(f"a killed console had left {', '.join(removed)}: removed", title="tracing", markup=False)
        gc.freeze()  # What was loaded stays: the collector need not look through it.
        self.watch_ = watch.FactsRefresher(self.root_, self.store, uri=self._uri, judge=self._judge)
        self.watch_.start()

    def _judge(self, facts: Facts) -> tuple[Finding, ...]:
        """What the checks say; they are loaded when the first facts are judged."""
        if self._rejudge is None:
            from vfiotui.rules.rejudge import Rejudge

            self._rejudge = Rejudge()
        return self._rejudge(facts)

    def replay(self, name: str, history: LiveHistory, interval: float, looks: tuple[Culprits, ...]) -> None:
        """From now on Live shows a recording, and samples nothing."""
        self.recording = (name, interval)
        self.recorded_looks = looks
        self.history = history
        self.store.keep_in(LIVE, history)

    def _want(self, topics: frozenset[str]) -> None:
        self.sampler.want(topics if self.recording is None else topics - {LIVE})

    def _guests_changed(self, topic: str) -> None:
        self.sampler.look_again()
        virt = self.store.get(VIRT)
        self._restraint.hear_libvirt(virt)
        self.sampler.crowded = self._restraint.crowded
        self.news.hear_libvirt(virt)

    def _device_events_changed(self, _: str) -> None:
        """Says once why they are not followed; the status line goes on showing it."""
        if sentence := self.store.get(DEVICE_EVENTS):
            self.notify(clean(sentence), title="device events", severity="warning", markup=False, timeout=10)

    def investigates(self, at: float, guest: str) -> bool:
        """Whether a vCPU of the guest has waited so lately that it is looked who runs beside it."""
        return self.news.investigates(at, guest)

    @property
    def restraint(self) -> SelfAffinity:
        """Which CPUs this program keeps to."""
        return self._restraint.now

    def _written(self) -> int | None:
        return door.written(self)

    def _push(self, topic: Topic[Any], value: Any, keep: bool) -> None:
        if isinstance(value, LiveMoment):
            self._restraint.hear_moment(value)
            self.sampler.crowded = self._restraint.crowded
        self.store.push(topic, value, keep=keep)
        if isinstance(value, LiveMoment) and self._painting:
            self.news.hear_moment(value)

    def _changed(self, topic: str) -> None:
        if not self.is_running or not self.screen_stack:
            return  # The console is being left: what came in the meantime is for nobody.
        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            screen.changed(topic)
        if topic == FIRST.get(self._start, FACTS):
            self._begin_painting()

    def _begin_painting(self) -> None:
        if not self._painting:
            self._painting = True
            door.settle(self.screen)
            # In order: what the layout has asked for is over when the screen comes to this.
            self.screen.call_later(self._paint)

    def _paint(self) -> None:
        self._unseen.close()
        gc.freeze()
        gc.set_threshold(GARBAGE)
        gc.enable()
        self._mind_size(self.size)
        self.set_timer(HEAD_START, self._feed)

    def on_resize(self, event: Resize) -> None:
        """A terminal that is too small is told what is needed; before the first frame nothing can be told."""
        if self._painting:
            self._mind_size(event.size)

    def _mind_size(self, size: Size) -> None:
        small = size.width < COLUMNS or size.height < LINES
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def action_go(self, mode: str) -> None:
        """Another screen; what lies over the present one is left first."""
        from vfiotui.tui.screens.base.choice import ChoiceScreen
        from vfiotui.tui.screens.base.text import TextScreen

        while isinstance(self.screen, TextScreen | ChoiceScreen):
            self.pop_screen()
        if self.current_mode != mode:
            self.switch_mode(mode)

    def action_read_again(self) -> None:
        """Reads the whole machine anew."""
        if self.watch_ is not None:
            self.watch_.read_again()

    def action_redraw(self) -> None:
        """Draws everything anew: a message of the kernel or of `wall` has spoilt it."""
        door.repaint(self)

    def action_suspend_process(self) -> None:
        """Gives the terminal to the shell until it continues the console."""
        door.suspend(self)

    @on(RunRequested)
    def _run(self, request: RunRequested) -> None:
        from vfiotui.tui.execution import carry_out

        carry_out(self, request)

    def action_command_palette(self) -> None:
        """Everything that can be done, by name."""
        if not isinstance(self.screen, CommandPalette):
            from vfiotui.tui.screens.base.follows_size import Palette

            palette = Palette(placeholder="type a part of what you want to do", id="--command-palette")
            self.fit_glyphs(palette)
            self.push_screen(palette)

    async def action_quit(self) -> None:
        """Leaves; where something that was edited would be lost, asks first."""
        from vfiotui.tui.leave import leave

        leave(self)

    def action_help(self) -> None:
        """The help of the screen that is shown."""
        from vfiotui.tui.screens.base.help import help_rows
        from vfiotui.tui.screens.base.text import TextScreen

        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            word = next(word for _, mode, word in TABS if mode == screen.MODE)
            text = help_text(screen.PAGE)
            self.push_screen(TextScreen(row((" help ", "reverse"), f" {word}"), lambda width: help_rows(text, width)))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters of lines, and what replaces characters that the terminal does not draw."""
        alphabet = ALPHABETS.get(self.caps.glyphs.name)
        return [*super().get_line_filters(), alphabet] if alphabet else super().get_line_filters()

    def fit_glyphs(self, screen: Screen[Any], *, update: bool = True) -> None:
        """Marks a screen with the set of glyphs that the terminal draws."""
        for name in SETS:
            screen.set_class(name == self.caps.glyphs.name, f"-{name}", update=update)

    def use_glyphs(self, name: str) -> None:
        """Draws with another set of glyphs from now on."""
        from vfiotui.model.base.value import replace

        self.caps = replace(self.caps, glyphs=SETS[name])
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                self.fit_glyphs(screen)
                screen.redraw()

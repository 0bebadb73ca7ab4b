"""The console: it holds the store, its feeders and the screens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.driver import Driver
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from vfiotui.follow import Follow
from vfiotui.history import LiveHistory
from vfiotui.host.own_threads import Restraint
from vfiotui.host.root import Root
from vfiotui.model.alarm import Alarms, Limits, wanted_pins
from vfiotui.model.facts import Mode
from vfiotui.model.live import LiveMoment
from vfiotui.restraint import SelfRestraint
from vfiotui.rules import judge
from vfiotui.sampler import Sampler
from vfiotui.store import Store
from vfiotui.tui.bridge import Bridge
from vfiotui.tui.caps import SETS, Caps
from vfiotui.tui.commands import Commands
from vfiotui.tui.driver import QuietDriver, driver_class
from vfiotui.tui.row import row
from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.screens.choice import ChoiceScreen
from vfiotui.tui.screens.small import COLUMNS, LINES, TooSmall
from vfiotui.tui.screens.text import TextScreen
from vfiotui.tui.status import TABS
from vfiotui.tui.text import clean
from vfiotui.tui.themes import load_themes
from vfiotui.tui.views.help import help_rows
from vfiotui.watch import Watch

TOAST_SECONDS = 300.0
"""Seconds for which an alarm of one kind and guest is told once; the graphs show them all."""
PATIENCE = 0.4
"""Seconds for which the first frame waits for the facts."""


def _screen(name: str) -> Callable[[], Screen[Any]]:
    """Imports a screen when it is first visited."""

    def make() -> Screen[Any]:
        from importlib import import_module

        screen: type[ConsoleScreen] = getattr(
            import_module(f"vfiotui.tui.screens.{name}"), f"{name.capitalize()}Screen"
        )
        return screen()

    return make


class ConsoleApp(App[int]):
    """The whole console over one root."""

    CSS_PATH = "vfiotui.tcss"
    TITLE = "vfiotui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {Commands}  # noqa: RUF012 - Textual reads a plain set
    MODES = {mode: _screen(mode) for _, mode, _ in TABS}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"go('{mode}')", word, show=False) for key, mode, word in TABS),
        Binding("question_mark", "help", "help", show=False),
        Binding("r", "read_again", "read again", show=False),
        Binding("q,ctrl+q", "quit", "quit", show=False),
        Binding("colon,ctrl+p", "command_palette", "palette", show=False),
    ]

    def __init__(self, root: Root, caps: Caps, *, uri: str | None = None, theme: str = "", start: str = "host") -> None:
        # The colour filter is chosen inside Textual's own constructor: it must know of 16 colours then.
        super().__init__(ansi_color=True if caps.few_colours or caps.no_colour else None)
        self.root_ = root
        self.caps = caps
        self.store = Store()
        self.bridge = Bridge(self._changed, lambda error: self._handle_exception(error))
        self._start = start
        self._theme_name = theme or ("console" if caps.few_colours or caps.no_colour else "dark")
        self._uri = uri
        self.history = LiveHistory()
        self.store.keep_in("live", self.history)
        self.sampler = Sampler(root, self._post, self._written)
        self._restraint = SelfRestraint(root)
        self._alarms = Alarms(Limits())
        self._toasts: dict[tuple[str, str], float] = {}
        self.live_guest = ""
        """The guest that Live shows first."""
        self.recording: tuple[str, float] | None = None
        """A recording that is replayed: its name, and the seconds between its samples."""
        self.follow = Follow(root, self.store, self.action_read_again)
        self.watch_: Watch | None = None
        self._unseen = ExitStack()
        self._painting = False
        self.theme_names: tuple[str, ...] = ()
        """The themes that can be chosen: ours and the user's own."""

    def get_driver_class(self) -> type[Driver]:
        """The driver that sleeps until there is input, where it may be used."""
        return driver_class() or super().get_driver_class()

    @property
    def follows_libvirt(self) -> bool:
        """Whether the guests come from a daemon, and not from the root's files."""
        return self.root_.is_live or (self._uri is not None and self.root_.mode is not Mode.DEMO)

    def on_mount(self) -> None:
        """Themes first, then the feeders, then the first screen."""
        # The first frame that is painted has the facts in it, unless they take long.
        self._unseen.enter_context(self.batch_update())
        self.set_timer(PATIENCE, self._begin_painting)
        themes, bad = load_themes()
        for theme in themes:
            self.register_theme(theme)
        self.theme_names = tuple(t.name for t in themes)
        self.theme = self._theme_name if self._theme_name in self.theme_names else "dark"
        if bad:
            self.notify("; ".join(bad), title="themes", severity="warning", markup=False)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, 0)
        self._events = loop
        self.store.on_wanted(self._want)
        self.store.subscribe("virt", self._guests_changed)
        self.sampler.start()
        self.follow.start()
        self.watch_ = Watch(self.root_, self.store, uri=self._uri, judge=judge)
        self.watch_.start()
        self.switch_mode(self._start)

    async def on_unmount(self) -> None:
        """Ends the feeders."""
        self.sampler.stop()
        await self.follow.stop()
        if self.watch_ is not None:
            await self.watch_.stop()

    def replay(self, name: str, history: LiveHistory, interval: float) -> None:
        """From now on Live shows a recording, and samples nothing."""
        self.recording = (name, interval)
        self.history = history
        self.store.keep_in("live", history)

    def _want(self, topics: frozenset[str]) -> None:
        self.sampler.want(topics if self.recording is None else topics - {"live"})

    def _guests_changed(self, topic: str) -> None:
        self.sampler.look_again()
        self._restraint.hear_libvirt(self.store.get("virt"))
        self.sampler.crowded = self._restraint.crowded

    @property
    def restraint(self) -> Restraint:
        """Which CPUs this program keeps to."""
        return self._restraint.now

    def _written(self) -> int | None:
        return self._driver.written if isinstance(self._driver, QuietDriver) else None

    def _push(self, topic: str, value: Any, keep: bool) -> None:
        if isinstance(value, LiveMoment):
            self._restraint.hear_moment(value)
            self.sampler.crowded = self._restraint.crowded
        self.store.push(topic, value, keep=keep)
        if isinstance(value, LiveMoment):
            self._tell_alarms(value)

    def _tell_alarms(self, moment: LiveMoment) -> None:
        """A toast and a mark in the graphs for each."""
        wanted = wanted_pins(self.store.get("virt"))
        for alarm in self._alarms.check(moment, wanted):
            self.history.mark(alarm.text, alarm=True)
            told = self._toasts.get((alarm.guest, alarm.kind), -TOAST_SECONDS)
            if self.root_.is_live and alarm.at - told >= TOAST_SECONDS:
                self._toasts[alarm.guest, alarm.kind] = alarm.at
                self.notify(clean(alarm.text), title=alarm.kind, severity="warning", markup=False, timeout=4)

    def _post(self, topic: str, value: Any, keep: bool) -> None:
        """From the sampler's thread to the store's loop."""
        if not self._events.is_closed():
            self._events.call_soon_threadsafe(self._push, topic, value, keep)

    def _changed(self, topic: str) -> None:
        if not self.is_running or not self.screen_stack:
            return  # The console is being left: what came in the meantime is for nobody.
        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            screen.changed(topic)
        if topic == "findings":
            self._begin_painting()

    def _begin_painting(self) -> None:
        if not self._painting:
            self._painting = True
            self._unseen.close()
            self._mind_size(self.size)

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
        while isinstance(self.screen, TextScreen | ChoiceScreen):
            self.pop_screen()
        if self.current_mode != mode:
            self.switch_mode(mode)

    def action_read_again(self) -> None:
        """Reads the whole machine anew."""
        if self.watch_ is not None:
            self.watch_.read_again()

    def action_command_palette(self) -> None:
        """Everything that can be done, by name."""
        if not isinstance(self.screen, CommandPalette):
            palette = CommandPalette(placeholder="type a part of what you want to do", id="--command-palette")
            self.fit_glyphs(palette)
            self.push_screen(palette)

    def action_help(self) -> None:
        """The help of the screen that is shown."""
        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            word = next(word for _, mode, word in TABS if mode == screen.MODE)
            text = screen.HELP_TEXT
            self.push_screen(TextScreen(row((" help ", "reverse"), f" {word}"), lambda width: help_rows(text, width)))

    def fit_glyphs(self, screen: Screen[Any]) -> None:
        """Marks a screen with the set of glyphs that the terminal draws."""
        for name in SETS:
            screen.set_class(name == self.caps.glyphs.name, f"-{name}")

    def use_glyphs(self, name: str) -> None:
        """Draws with another set of glyphs from now on."""
        from vfiotui.model.value import replace

        self.caps = replace(self.caps, glyphs=SETS[name])
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                self.fit_glyphs(screen)
                screen.redraw()

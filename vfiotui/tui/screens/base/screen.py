"""What every screen of the console has: status line, tabs, keys, and topics that it follows while it is seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click, Resize
from textual.screen import Screen

from vfiotui.state.store import Store
from vfiotui.state.topics import BOOTED, CHANGES, COST, DEVICE_EVENTS, FACTS, FINDINGS, READING, TROUBLE, VIRT, Topic
from vfiotui.tui.actions import HELP, NEXT_PANE, PALETTE, QUIT, Action, Page, bindings
from vfiotui.tui.row import Run
from vfiotui.tui.screens.base.follows_size import FollowsSize
from vfiotui.tui.status import key_row, status_row, trouble_row
from vfiotui.tui.tabs import badges, tab_at, tab_row
from vfiotui.tui.terminal import door
from vfiotui.tui.terminal.capabilities import Caps
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES

if TYPE_CHECKING:
    from vfiotui.model.base.reading import Reading
    from vfiotui.model.boot.boot_summary import Booted
    from vfiotui.model.facts import Facts
    from vfiotui.model.finding.finding import Finding
    from vfiotui.model.guest.domain import Virt
    from vfiotui.tui.context import ConsoleContext

STATUS_TOPICS: tuple[Topic[Any], ...] = (BOOTED, VIRT, COST, READING, CHANGES, TROUBLE, DEVICE_EVENTS)
NARROW, WIDE = 100, 140
TALL = 36
"""Lines from which a pane that is a line of words elsewhere has more of them."""


class ConsoleScreen(FollowsSize, Screen[None]):
    """A screen that draws from the store, and is fed only while it is on top."""

    COMPONENT_CLASSES = CLASSES
    MODE: ClassVar[str] = ""
    TOPICS: ClassVar[tuple[Topic[Any], ...]] = (FACTS,)
    KEYS: ClassVar[tuple[Action, ...]] = ()
    """What the key line shows first."""
    PAGE: ClassVar[Page] = ()
    """What `?` shows of this screen: prose and all its actions."""
    BINDINGS: ClassVar[list[BindingType]] = bindings((NEXT_PANE,))

    def __init__(self) -> None:
        super().__init__()
        self._leave: list[Callable[[], None]] = []

    @cached_property
    def console(self) -> ConsoleContext:
        """The app with its store and abilities; asked for at every sample, and the same for good."""
        return cast("ConsoleContext", self.app)

    @cached_property
    def store(self) -> Store:
        """The shared state."""
        return self.console.store

    @property
    def caps(self) -> Caps:
        """What the terminal can draw."""
        return self.console.caps

    @property
    def facts(self) -> Facts | None:
        """The last facts, or None before the first."""
        return self.store.get(FACTS)

    @property
    def booted(self) -> Reading[Booted] | None:
        """What is told of the boot, or None before it was read."""
        return self.store.get(BOOTED)

    @property
    def virt(self) -> Virt | None:
        """The last word of libvirt."""
        return self.store.get(VIRT)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The last findings."""
        return self.store.get(FINDINGS) or ()

    def compose(self) -> ComposeResult:
        """Status line, tabs, body, keys."""
        yield Line(id="status")
        yield Line(id="tabs")
        yield from self.compose_body()
        yield Line(id="keys")

    def compose_body(self) -> ComposeResult:
        """The widgets between tabs and keys; none, unless a screen has some."""
        yield from ()

    def draw(self, topic: str) -> None:
        """Draws what a topic changed; called for every topic when the screen comes up."""

    def topics(self) -> tuple[Topic[Any], ...]:
        """What it draws from now."""
        return self.TOPICS

    def keys(self) -> list[Action]:
        """The keys that work now, most useful first."""
        return [*self.KEYS[:3], HELP, QUIT, *self.KEYS[3:], PALETTE]

    def on_mount(self) -> None:
        """Follows its topics."""
        self._follow()

    def on_screen_resume(self) -> None:
        """Follows its topics again; nothing is kept of what lay over it."""
        self._follow()
        self.call_after_refresh(door.let_go)

    def on_screen_suspend(self) -> None:
        """Nothing is read for a screen that nobody sees."""
        for leave in self._leave:
            leave()
        self._leave.clear()

    def _follow(self) -> None:
        if self._leave or not self.is_mounted:
            return
        topics = dict.fromkeys((*STATUS_TOPICS, *self.topics()))
        self._leave = [self.store.subscribe(topic, self.console.bridge.tell) for topic in topics]
        self.redraw()

    def redraw(self) -> None:
        """Draws everything anew."""
        self.draw_frame()
        for topic in dict.fromkeys(self.topics()):
            self.draw(topic)

    def changed(self, topic: str) -> None:
        """A topic that this screen follows has changed."""
        if not self._leave:
            return
        if topic in STATUS_TOPICS:
            self.draw_frame()
        if topic in self.topics():
            self.draw(topic)

    def draw_frame(self) -> None:
        """Status line, tabs and keys."""
        width = self.size.width or self.app.size.width
        root = self.console.root_
        store, reading, trouble = self.store, self.store.get(READING) is True, self.store.get(TROUBLE)
        status = status_row(
            root.mode,
            root.label,
            self.booted,
            self.virt,
            store.get(CHANGES),
            store.get(COST),
            reading,
            width,
            unfollowed=store.get(DEVICE_EVENTS) not in (None, ""),
        )
        self.query_one("#status", Line).show(trouble_row(trouble, width) if trouble else status)
        self.query_one("#tabs", Line).show(tab_row(self.MODE, width, self._badges()))
        self.query_one("#keys", Line).show(key_row(self.keys(), width))

    def _badges(self) -> dict[str, Run]:
        # Of what was judged already: the tabs have nothing judged.
        return badges(self.store.get(FINDINGS), self.store.get(CHANGES), self.console.history, self.caps.glyphs)

    async def on_click(self, event: Click) -> None:
        """A click on a tab opens its screen."""
        if event.widget is self.query_one("#tabs", Line):
            mode = tab_at(event.x, self.size.width, self._badges())
            if mode:
                await self.run_action(f"app.go('{mode}')")

    def on_resize(self, _: Resize) -> None:
        """Fits the panes to the new size."""
        self.set_class(self.size.width < NARROW, "-narrow")
        self.set_class(self.size.width >= WIDE, "-wide")
        self.set_class(self.size.height >= TALL, "-tall")
        if self._leave:
            self.call_after_refresh(self.redraw)

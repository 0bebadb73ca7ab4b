"""What screens and their helpers need of the console: a promise, so that none of them needs to know the app itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.message import Message
    from textual.notifications import SeverityLevel
    from textual.screen import Screen

    from vfiotui.host.live.own_threads import SelfAffinity
    from vfiotui.host.root.root import Root
    from vfiotui.live.history import LiveHistory
    from vfiotui.live.sampler import Sampler
    from vfiotui.model.live.interference import Culprits
    from vfiotui.state.bridge import Bridge
    from vfiotui.state.facts_refresher import FactsRefresher
    from vfiotui.state.journal_watcher import JournalWatcher
    from vfiotui.state.store import Store
    from vfiotui.tui.screens.live.details import LiveDetails
    from vfiotui.tui.terminal.capabilities import Caps

T = TypeVar("T")


class ConsoleContext(Protocol):
    """The console as its parts see it: the state, its feeders, and what can be shown.

    `vfiotui.tui.app.ConsoleApp` keeps it; a screen has it as `self.console`. All calls belong to the console's loop.
    """

    root_: Root
    """The machine that is looked at."""
    caps: Caps
    """What the terminal can draw."""
    store: Store
    """The state that all screens share."""
    bridge: Bridge
    """Has the visible screen drawn when a topic changes."""
    history: LiveHistory
    """The samples of Live."""
    sampler: Sampler
    follow: JournalWatcher
    """Reads the journal of changes."""
    watch_: FactsRefresher | None
    """Reads the whole host; None until the first frame stands."""
    live_guest: str
    """The guest that Live shows first."""
    recording: tuple[str, float] | None
    """A recording that is replayed: its name, and the seconds between its samples."""
    recorded_looks: tuple[Culprits, ...]
    """Who ran on the guests' CPUs when it was recorded."""
    unsaved: dict[str, Callable[[], str]]
    """Of each screen that edits: a sentence of what would be lost if the console were left now, "" for nothing."""
    theme: Any
    theme_names: tuple[str, ...]

    @property
    def live_asks(self) -> LiveDetails:
        """What Live reads only on request."""

    def investigates(self, at: float, guest: str) -> bool:
        """Whether a vCPU of the guest has waited so lately that it is looked who runs beside it."""

    @property
    def restraint(self) -> SelfAffinity:
        """Which CPUs this program keeps to."""

    @property
    def follows_libvirt(self) -> bool:
        """Whether the guests come from a daemon, and not from the root's files."""

    @property
    def screen(self) -> Screen[Any]:
        """The screen that is shown."""

    def push_screen(self, screen: Screen[T], callback: Callable[[T | None], None] | None = None) -> Awaitable[Any]:
        """Shows a screen over the present one; `callback` gets what it ends with."""

    def action_go(self, mode: str) -> None:
        """Shows one of the screens of the tab row."""

    def action_read_again(self) -> None:
        """Reads the whole machine anew."""

    def action_help(self) -> None:
        """Shows the help of the screen that is shown."""

    def fit_glyphs(self, screen: Screen[Any]) -> None:
        """Marks a screen with the set of glyphs that the terminal draws."""

    def use_glyphs(self, name: str) -> None:
        """Draws with another set of glyphs from now on."""

    def post_message(self, message: Message) -> bool:
        """Hands a request to the app: see `vfiotui.tui.messages`."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Shows a sentence for some seconds."""

    def copy_to_clipboard(self, text: str) -> None:
        """Puts a text into the terminal's clipboard (OSC 52)."""

    def run_worker(self, work: Coroutine[Any, Any, None], *, group: str = ..., exclusive: bool = ...) -> Any:
        """Runs a coroutine beside the screens; an exclusive one ends those of its group."""

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> Any:
        """Calls after so many seconds."""

    def call_later(self, callback: Callable[..., Any], *arguments: Any) -> bool:
        """Calls once the messages that wait now are done."""

    def call_after_refresh(self, callback: Callable[..., Any], *arguments: Any) -> bool:
        """Calls once the screen was drawn."""

    def suspend(self) -> AbstractContextManager[None]:
        """Lends the terminal to another program."""

    def exit(self) -> None:
        """Leaves the console."""

"""The topics of the store: what each holds, which module writes it, and which modules read it.

A topic is its name, and knows the type of its values, so that the type checker sees what `Store.get` returns. Before
the first value every topic reads as None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    # A topic is only a name: who uses one topic need not load the classes of all others.
    from vfiotui.model.base.reading import Reading
    from vfiotui.model.boot.boot_summary import Booted
    from vfiotui.model.change.journal import ChangeRecord
    from vfiotui.model.facts import Facts
    from vfiotui.model.finding.finding import Finding
    from vfiotui.model.guest.domain import Virt
    from vfiotui.model.live.core import Core
    from vfiotui.model.live.exits import GuestExits
    from vfiotui.model.live.interference import Culprits
    from vfiotui.model.live.sample import LiveMoment, OwnCost
    from vfiotui.model.memory.host_memory import Memory

T = TypeVar("T")


class Topic(str, Generic[T]):
    """A topic whose values have the type T."""

    writer: str
    """The module that makes its values, below the package."""
    readers: tuple[str, ...]
    """The modules that use its values, or the packages that hold them."""

    def __new__(cls, name: str, writer: str, *readers: str) -> Topic[T]:
        """`writer` and `readers` are checked by a test against what the modules really do."""
        topic = super().__new__(cls, name)
        topic.writer, topic.readers = writer, readers
        return topic


REFRESHER, SAMPLER, JOURNAL = "state.facts_refresher", "live.sampler", "state.journal_watcher"
DETAILS = "tui.screens.live.details"
SCREEN = "tui.screens.base"
"""What every screen shows, and hands its topics to the one that is drawn."""
HOST, LIVE_SCREEN, PIN, WAITS = "tui.screens.host", "tui.screens.live", "tui.screens.pin", "tui.wait_investigation"

FACTS: Topic[Facts] = Topic("facts", REFRESHER, "tui.open_plan", "tui.notifications", SCREEN, HOST, "tui.entries")
"""The whole host, while a screen wants it."""
FINDINGS: Topic[tuple[Finding, ...]] = Topic("findings", REFRESHER, SCREEN, HOST, "tui.entries")
"""What the checks say of the facts, while a screen wants it."""
BOOTED: Topic[Reading[Booted]] = Topic("booted", REFRESHER, SCREEN)
"""Host name, kernel and whether a reboot is required, for the status line."""
VIRT: Topic[Virt] = Topic("virt", REFRESHER, SCREEN, "tui.app", "tui.notifications", "tui.open_plan", "tui.entries")
"""The guests."""
READING: Topic[bool] = Topic("reading", REFRESHER, SCREEN, JOURNAL)
"""Whether the host is being read or judged."""
PROGRESS: Topic[frozenset[str]] = Topic("progress", REFRESHER, HOST)
"""The parts of the facts that the first reading still waits for."""
TROUBLE: Topic[str] = Topic("trouble", REFRESHER, SCREEN)
"""A sentence where a reading or the checks failed; empty once one succeeded again."""
DEVICE_EVENTS: Topic[str] = Topic("device_events", REFRESHER, SCREEN, "tui.app")
"""A sentence where device events are not followed; empty while they are."""

CHANGES: Topic[Reading[tuple[ChangeRecord, ...]]] = Topic(
    "changes", JOURNAL, SCREEN, "tui.screens.changes", "tui.entries"
)
"""The journal of changes."""
LOG: Topic[tuple[str, Reading[str]]] = Topic("log", JOURNAL, "tui.screens.changes")
"""The folder of the change that is followed, and its log."""

LIVE: Topic[Reading[LiveMoment]] = Topic("live", SAMPLER, LIVE_SCREEN, PIN, "tui.screens.guests")
"""The newest sample of CPUs and guests; its history is kept."""
MEMORY: Topic[Reading[Memory]] = Topic("memory", SAMPLER, "tui.screens.memory", "tui.screens.guests")
"""The newest sample of memory; its history is kept."""
COST: Topic[Reading[OwnCost]] = Topic("cost", SAMPLER, SCREEN)
"""What this program costs."""
CULPRITS: Topic[Reading[Culprits] | None] = Topic("culprits", SAMPLER, LIVE_SCREEN, WAITS)
"""What runs on the CPUs of waiting vCPUs; None while that is not sampled."""

TRACE: Topic[Reading[Culprits] | None] = Topic("trace", DETAILS, LIVE_SCREEN, WAITS)
"""The same from the scheduler's own events; None while nothing is traced."""
EXITS: Topic[Reading[GuestExits] | None] = Topic("exits", DETAILS, LIVE_SCREEN)
"""KVM's counters of one guest; None while they are not asked for."""
CORE: Topic[Reading[Core] | None] = Topic("core", DETAILS, LIVE_SCREEN)
"""One host CPU in detail; None while it is not asked for."""

ALL: tuple[Topic[Any], ...] = (
    *(FACTS, FINDINGS, BOOTED, VIRT, READING, PROGRESS, TROUBLE, DEVICE_EVENTS),
    *(CHANGES, LOG, LIVE, MEMORY, COST, CULPRITS, TRACE, EXITS, CORE),
)

"""What the journal tells of a change: how far it came, and what of it is in force."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.change.journal_events import Damaged, read_events
from vfiotui.model.change.journal_folder import JOURNAL as JOURNAL
from vfiotui.model.change.journal_folder import JOURNAL_ABOVE as JOURNAL_ABOVE
from vfiotui.model.change.plan import Plan


def unread_words(unread: Unread, option: str = "") -> str:
    """Why the journal cannot be read, and what to do: `option` leads vfiotui to the machine (see Root.option)."""
    todo = f"; it is root's alone, for plans may hold passwords: 'sudo vfiotui{option} changes' lists it"
    return f"the journal cannot be read: {unread}{todo if unread.why is Why.FORBIDDEN else ''}"


class State(StrEnum):
    """How far a change came."""

    APPLYING = "applying"
    DONE = "done"
    WAITING = "waiting for reboot"
    """Done; a part of it is felt after the next boot, which has not come yet."""
    ROLLED_BACK = "rolled back"
    """A step failed, and all before it were taken back: the machine is as it was."""
    STUCK = "stuck"
    """A step failed, and so did the way back: a person must look at it."""
    UNDOING = "undoing"
    UNDONE = "undone"
    INTERRUPTED = "interrupted"
    """Its process is gone in the middle: resume it or undo it."""
    OUTSTANDING = "applied, steps left"
    """All its steps are done, and what only a person can do is not true yet."""
    DAMAGED = "damaged"
    """Its journal cannot be believed: what is in force of it is not known."""


RESTING = frozenset({State.DONE, State.UNDONE, State.ROLLED_BACK})
"""States that ask for nothing."""
IN_FORCE = frozenset({State.DONE, State.WAITING, State.OUTSTANDING})
"""States in which every step of the plan is in force."""
BUSY = frozenset({State.APPLYING, State.UNDOING})
"""States in which a process is at work, or was killed at it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one of the same number."""

    pid: int
    start: int
    """Clock ticks after boot: field 22 of /proc/PID/stat (proc(5))."""
    boot: str
    """The kernel's boot_id, or empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The journal of one change, read to its end."""

    state: State
    begun: tuple[int, ...] = ()
    """Steps whose intent was written and that were not taken back, in order; from 1."""
    finished: frozenset[int] = field(default_factory=frozenset)
    """Those of them that were read back as done."""
    word: str = ""
    """The last sentence: why a step failed, or what is wrong with the journal."""
    process: Process | None = None
    """Who works, or worked, at it."""
    command: Process | None = None
    """The command that the last begun step started."""
    at: str = ""
    """When it began."""
    boot: str = ""
    """The boot in which it was applied."""
    kept: str = ""
    """The digest of the list of what was kept; empty for changes of an earlier version."""
    left: tuple[str, ...] = ()
    """What a person must still do; see State.OUTSTANDING."""
    host: str = ""
    """The name of the system that was at work at it last; empty where it is not known."""


ENDS = {"done": State.DONE, "undone": State.UNDONE, "rolled back": State.ROLLED_BACK, "stuck": State.STUCK}


def _process(event: dict[str, Any]) -> Process:
    return Process(event["pid"], event["start"], event["boot"])


def damaged(reason: str) -> Progress:
    """The progress of a change whose journal cannot be believed."""
    return Progress(State.DAMAGED, word=reason)


def progress(data: bytes, steps: int | None = None) -> Progress:
    """How far a change of so many steps came, from its journal; damaged where that cannot be known.

    >>> begun = b'{"event": "apply", "pid": 7, "start": 1, "boot": ""}\\n{"event": "begin", "step": 1}\\n'
    >>> progress(begun).begun, progress(begun + b'{"event": "back", "step": 1}\\n').begun
    ((1,), ())
    """
    try:
        journal = read_events(data, steps)
    except Damaged as error:
        return damaged(str(error))
    state, begun, finished = State.APPLYING, [], set()
    word = at = boot = kept = host = ""
    left: tuple[str, ...] = ()
    process = command = None
    for event in journal:
        name, step = event["event"], event.get("step", 0)
        if name in ("apply", "undo"):
            state = State.APPLYING if name == "apply" else State.UNDOING
            process, command = _process(event), None
            at = at or event.get("at", "")
            boot = process.boot if name == "apply" else boot
            kept = kept or event.get("kept", "")
            host = event.get("host", "")
        elif name in ENDS:
            left = tuple(event.get("left", ()))
            state = State.OUTSTANDING if left else ENDS[name]
            word = event.get("why", word)
        elif name == "command":
            command = _process(event)
        elif name == "begin":
            command = None
            if step not in begun:
                begun.append(step)
        elif name == "end":
            finished.add(step)
        elif name == "back":
            finished.discard(step)
            if step in begun:
                begun.remove(step)
    if state in (State.UNDONE, State.ROLLED_BACK):
        begun, finished = [], set()
    left = left if state is State.OUTSTANDING else ()
    return Progress(state, tuple(begun), frozenset(finished), word, process, command, at, boot, kept, left, host)


def state_words(state: State, left: tuple[str, ...]) -> str:
    """A state for a person, with what is left to do.

    >>> state_words(State.OUTSTANDING, ("run update-grub",)), state_words(State.DONE, ())
    ('applied · 1 step left: run update-grub', 'done')
    """
    if state is not State.OUTSTANDING:
        return str(state)
    return f"applied · {len(left)} step{'s' * (len(left) != 1)} left: {'; '.join(left)}"


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One folder of the journal."""

    number: int
    slug: str
    state: State
    title: str
    path: str
    """The folder, inside the root."""
    progress: Progress
    plan: Reading[Plan]

    @property
    def waits(self) -> bool:
        """Whether it waits for the next boot."""
        return self.state is State.WAITING

    @property
    def words(self) -> str:
        """Its state for a person."""
        return state_words(self.state, self.progress.left)

    @property
    def name(self) -> str:
        """The folder's name: 0007-iommu-pt."""
        return f"{self.number:04d}-{self.slug}"

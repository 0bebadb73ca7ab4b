"""What the journal tells of a change: how far it came, and what of it is in force."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from vfiotui.model.journal_folder import JOURNAL as JOURNAL
from vfiotui.model.plan import Plan
from vfiotui.model.reading import Reading, Unread, Why
from vfiotui.model.value import dataclass, field


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


RESTING = frozenset({State.DONE, State.UNDONE, State.ROLLED_BACK})
"""States that ask for nothing."""
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
    """The last sentence: why a step failed."""
    process: Process | None = None
    """Who works, or worked, at it."""
    command: Process | None = None
    """The command that the last begun step started."""
    at: str = ""
    """When it began."""
    boot: str = ""
    """The boot in which it was applied."""


ENDS = {"done": State.DONE, "undone": State.UNDONE, "rolled back": State.ROLLED_BACK, "stuck": State.STUCK}


def events(text: str) -> list[dict[str, Any]]:
    """The lines of a journal; a line that a power cut tore is passed over."""
    found = []
    for line in text.split("\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            found.append(event)
    return found


def _process(event: dict[str, Any]) -> Process | None:
    pid, start, boot = event.get("pid"), event.get("start"), event.get("boot", "")
    if isinstance(pid, int) and isinstance(start, int) and isinstance(boot, str):
        return Process(pid, start, boot)
    return None


def progress(journal: Iterable[dict[str, Any]]) -> Progress:
    """How far a change came, from its events.

    >>> progress([{"event": "apply"}, {"event": "begin", "step": 1}]).begun
    (1,)
    >>> progress([{"event": "apply"}, {"event": "begin", "step": 1}, {"event": "back", "step": 1}]).begun
    ()
    """
    state, begun, finished = State.APPLYING, [], set()
    word = at = boot = ""
    process = command = None
    for event in journal:
        name, step = event["event"], event.get("step")
        if name in ("apply", "undo"):
            state = State.APPLYING if name == "apply" else State.UNDOING
            process, command = _process(event), None
            at = at or str(event.get("at", ""))
            boot = process.boot if name == "apply" and process else boot
        elif name in ENDS:
            state = ENDS[name]
            word = str(event.get("why", word))
        elif name == "failed":
            word = str(event.get("why", ""))
        elif name == "command":
            command = _process(event)
        elif isinstance(step, int) and name == "begin":
            command = None
            if step not in begun:
                begun.append(step)
        elif isinstance(step, int) and name == "end":
            finished.add(step)
        elif isinstance(step, int) and name == "back":
            finished.discard(step)
            if step in begun:
                begun.remove(step)
    if state in (State.UNDONE, State.ROLLED_BACK):
        begun, finished = [], set()
    return Progress(state, tuple(begun), frozenset(finished), word, process, command, at, boot)


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
    def name(self) -> str:
        """The folder's name: 0007-iommu-pt."""
        return f"{self.number:04d}-{self.slug}"

"""The guard: hooks that look at the next boot after somebody else changed what it is made of, and what they found."""

from __future__ import annotations

import json
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass

FORMAT = 1
NOTHING = Unread("was not looked at", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class GuardProgram:
    """How a hook starts this program in the system that has the hooks."""

    path: str
    """The interpreter, or the program itself where `code` is empty; absolute."""
    code: str = ""
    """The folder that holds the package vfiotui."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One thing that the next boot will not have."""

    what: str
    """An address, or a word of the command line."""
    sentence: str
    """What it has instead, and why."""


@dataclass(frozen=True, slots=True)
class GuardState:
    """What the last check of the next boot found."""

    at: str
    """When, as ISO 8601 in UTC."""
    boot: str
    """The boot_id of the boot in which it was made; empty where it is not known."""
    by: str
    """What had the check made: the name of a tool, or vfiotui."""
    lost: tuple[Lost, ...] = ()
    unknown: tuple[str, ...] = ()
    """What could not be predicted, each as a sentence."""
    kept: int = 0
    """How many devices and words the next boot keeps."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard of one system."""

    interfaces: tuple[str, ...] = ()
    """Paths of the hooks that fit this system."""
    runner: Reading[str] = NOTHING
    """The guard's script as it lies there; ABSENT where the guard is off."""
    starts: Reading[bool] = NOTHING
    """Whether what the script starts is there."""
    damaged: Reading[tuple[str, ...]] = ()
    """Paths of hooks that are missing or not as this version writes them, where the guard is on; Unread where none is
    known to be and one could not be read."""
    state: Reading[GuardState] = NOTHING
    """What the last check found; ABSENT where there was none."""
    this_boot: bool = True
    """Whether the last check was made in the running boot."""

    @property
    def is_on(self) -> bool:
        """Whether the guard's script is installed."""
        return isinstance(self.runner, str)

    @property
    def is_whole(self) -> bool:
        """Whether it is on, every hook is as it should be, and what they start is there."""
        return self.is_on and self.damaged == () and self.starts is True

    @property
    def warning(self) -> GuardState | None:
        """The state of a check that found a loss that is still to come; None where there is none."""
        state = self.state
        return state if isinstance(state, GuardState) and state.lost and self.this_boot else None


def to_json(state: GuardState) -> str:
    """The state as a file."""
    lost = [{"what": one.what, "sentence": one.sentence} for one in state.lost]
    document = {
        "guard": FORMAT,
        "at": state.at,
        "boot": state.boot,
        "by": state.by,
        "lost": lost,
        "unknown": list(state.unknown),
        "kept": state.kept,
    }
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str) -> GuardState:
    """The state of a file; ValueError says what is wrong with it."""
    try:
        source: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(source, dict) or source.get("guard") != FORMAT:
        raise ValueError(f"it is no state of format {FORMAT}")
    lost, unknown, kept = source.get("lost"), source.get("unknown"), source.get("kept")
    words = [source.get(name) for name in ("at", "boot", "by")]
    if not isinstance(lost, list) or not isinstance(unknown, list) or not isinstance(kept, int):
        raise ValueError("a part of it is missing")
    entries = [(one.get("what"), one.get("sentence")) for one in lost if isinstance(one, dict)]
    texts = [*words, *unknown, *(text for entry in entries for text in entry)]
    if len(entries) != len(lost) or not all(isinstance(one, str) for one in texts):
        raise ValueError("a part of it is no text")
    at, boot, by = map(str, words)
    losses = tuple(Lost(str(what), str(said)) for what, said in entries)
    return GuardState(at, boot, by, losses, tuple(unknown), kept)

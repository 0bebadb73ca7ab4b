"""A reading is a value or the reason why there is none; it is never a default that looks like a fact."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias, TypeVar

from vfiotui.model.base.value import dataclass

T = TypeVar("T")
U = TypeVar("U")


class Why(StrEnum):
    """The kinds of reason for which something could not be read."""

    ABSENT = "absent"
    FORBIDDEN = "forbidden"
    VANISHED = "vanished"
    NOT_A_FILE = "not a file"
    TOO_BIG = "too big"
    TIMED_OUT = "timed out"
    DAMAGED = "damaged"
    NOT_HERE = "not visible here"
    """This kind of root cannot know it: runtime state of a mounted disk, say."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, and why."""

    reason: str
    """A sentence fragment for a person: "needs root", "no answer in 2 s"."""
    why: Why = Why.ABSENT
    path: str = ""
    """The path inside the root that was tried, or empty."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


Reading: TypeAlias = T | Unread


def or_else(reading: Reading[T], default: U) -> T | U:
    """The value, or the given default where there is none."""
    return default if isinstance(reading, Unread) else reading


def then(reading: Reading[T], use: Callable[[T], U]) -> Reading[U]:
    """The value after `use`, or the same reason for its absence."""
    return reading if isinstance(reading, Unread) else use(reading)


def at(path: str, reading: Reading[T]) -> Reading[T]:
    """The reading; where what was found at the path makes no sense, the reason names the path."""
    if isinstance(reading, Unread) and not reading.path:
        return Unread(reading.reason, reading.why, path)
    return reading


def if_absent(reading: Reading[T], value: U) -> Reading[T | U]:
    """The reading, or the value that the kernel's documentation gives to a file that is not there.

    >>> if_absent(Unread("is not there", Why.ABSENT), 0), if_absent(Unread("needs root", Why.FORBIDDEN), 0).reason
    (0, 'needs root')
    """
    return value if isinstance(reading, Unread) and reading.why is Why.ABSENT else reading


@dataclass(frozen=True, slots=True)
class Counter:
    """A raw counter with the moment at which it was read."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    value: int


def rate(before: Reading[Counter] | None, now: Reading[Counter]) -> Reading[float]:
    """How much the counter grew in a second; the only place where a rate is computed.

    The first sample, a counter that ran backwards (thread replaced, CPU unplugged) and two readings
    of the same moment have no rate.

    >>> rate(Counter(1.0, 100), Counter(3.0, 300))
    100.0
    >>> rate(None, Counter(3.0, 300)).reason
    'first sample'
    """
    if isinstance(now, Unread):
        return now
    if before is None or isinstance(before, Unread):
        return Unread("first sample", Why.NOT_HERE)
    if now.value < before.value:
        return Unread("the counter was reset", Why.VANISHED)
    if now.at <= before.at:
        return Unread("no time has passed", Why.NOT_HERE)
    return (now.value - before.value) / (now.at - before.at)

"""One host CPU looked at closely: idle states, throttling, and what interrupts it."""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.base.reading import Reading


class IdleState(NamedTuple):
    """One C-state since the last look."""

    name: str
    share: Reading[float]
    """Of the time, 0 … 1."""
    per_second: Reading[float]
    """How often it was entered."""
    disabled: bool


class Source(NamedTuple):
    """What interrupted the CPU."""

    kind: str
    """irq, softirq."""
    name: str
    per_second: float


class Core(NamedTuple):
    """One look."""

    cpu: int
    at: float
    """Seconds of CLOCK_MONOTONIC."""
    seconds: float
    """The time that the rates are of; 0 at the first look."""
    idle: Reading[tuple[IdleState, ...]]
    throttled: Reading[float]
    """How often a second the core was slowed down for heat."""
    throttled_ever: Reading[int]
    """The same since boot."""
    package_throttled: Reading[float]
    sources: Reading[tuple[Source, ...]]
    """The most frequent first."""

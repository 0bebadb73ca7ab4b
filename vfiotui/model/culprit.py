"""Who ran on the CPUs of vCPUs in the last seconds."""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.reading import Reading, Unread


class Culprit(NamedTuple):
    """One task or interrupt source on one host CPU."""

    cpu: int
    kind: str
    """task, kernel (a kernel thread), irq, softirq."""
    name: str
    tid: int
    """0 for interrupts."""
    share: float
    """Of the CPU's time, 0 … 1; 0 for interrupts, whose time the kernel does not tell."""
    per_second: float
    """Interrupts in a second; 0 for tasks."""


class Culprits(NamedTuple):
    """One look at all tasks and interrupts."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    seconds: float
    """The time that the shares are of."""
    found: Reading[tuple[Culprit, ...]]
    tasks: int
    """How many tasks were looked at."""
    cost_ms: float
    """CPU milliseconds that the look took."""

    def on(self, cpu: int, but: int = 0) -> tuple[Culprit, ...]:
        """Those of one CPU without the thread `but`: tasks by their share, then interrupts by their rate."""
        if isinstance(self.found, Unread):
            return ()
        mine = [c for c in self.found if c.cpu == cpu and (c.tid != but or not but)]
        return tuple(sorted(mine, key=lambda c: (-c.share, -c.per_second)))

"""Who ran on the CPUs of vCPUs in the last seconds."""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.base.reading import Reading, Unread


class Culprit(NamedTuple):
    """One task or interrupt source on one host CPU."""

    cpu: int
    kind: str
    """task, kernel (a kernel thread), ended (tasks that were gone before they were seen), irq, softirq."""
    name: str
    tid: int
    """0 for interrupts and for tasks that have ended."""
    share: float
    """Of the CPU's time, 0 … 1; 0 for interrupts whose time was not traced: the kernel counts them only."""
    per_second: float
    """Interrupts in a second; 0 for tasks."""


class Wait(NamedTuple):
    """One time that a vCPU was ready and not on a CPU, as it was traced."""

    tid: int
    cpu: int
    at: float
    """Seconds of CLOCK_MONOTONIC at its end."""
    ms: float
    behind: tuple[tuple[str, str, int, float], ...]
    """Kind, name and id of who ran meanwhile, with milliseconds; the longest first."""


class Traced(NamedTuple):
    """What only a trace tells."""

    waits: tuple[Wait, ...]
    """The longest ones, the longest first."""
    waited: int
    """How many waits there were."""
    events: int
    lost: int
    """Events that did not fit into the kernel's buffer."""
    until: float
    """Seconds of CLOCK_MONOTONIC at which tracing ends by itself."""


class Culprits(NamedTuple):
    """One look at all tasks and interrupts, or what was traced since the last one."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    seconds: float
    """The time that the shares are of."""
    found: Reading[tuple[Culprit, ...]]
    tasks: int
    """How many tasks were looked at."""
    cost_ms: float
    """CPU milliseconds that the look took."""
    traced: Traced | None = None
    """None where tasks were only looked at, and their places inferred."""
    others: int = 0
    """Tasks that were not looked at: the CPUs ran nothing that they would have to explain."""

    def on(self, cpu: int, but: int = 0) -> tuple[Culprit, ...]:
        """Those of one CPU without the thread `but`: by their share, then interrupts by their rate."""
        if isinstance(self.found, Unread):
            return ()
        mine = [c for c in self.found if c.cpu == cpu and (c.tid != but or not but)]
        return tuple(sorted(mine, key=lambda c: (-c.share, -c.per_second)))

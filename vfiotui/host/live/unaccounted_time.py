"""Whether CPUs ran so much that nobody accounts for that somebody must have been overlooked.

Small amounts add up over the looks, so that a task which takes little but always is found as well. What is still
unaccounted for after all tasks were read (interrupts, tasks that live shorter than a look, tasks that change their
CPU) is the habit of the CPU, and fades: reading all tasks again would not explain it.
"""

from __future__ import annotations

from collections.abc import Mapping

ALLOWED = 0.01
"""Share of a CPU's time that may be unaccounted for: less than twice what the smallest verdict speaks of."""
LEAST = 0.04
"""Seconds: counters of idle time and of steal end in whole ticks, at both ends of a look."""
FADES = 0.9
"""What is left of a habit at the next look."""


class UnaccountedTime:
    """Remembers each CPU's sum and habit."""

    def __init__(self) -> None:
        self._sums: dict[int, float] = {}
        """Seconds beyond what is allowed, over the looks since all tasks were read."""
        self._habits: dict[int, float] = {}
        """Share of the CPU's time."""

    def somebody(self, left: Mapping[int, float | None], seconds: float) -> bool:
        """Whether somebody is missing at all; `left` is what is unaccounted for, CPU → seconds of the look's."""
        return any(n is None or n > ALLOWED * seconds for n in left.values())

    def asks(self, left: Mapping[int, float | None], seconds: float) -> bool:
        """Whether all tasks should be read."""
        return any(n is None or self._sum(cpu, n, seconds) > LEAST for cpu, n in left.items())

    def add(self, left: Mapping[int, float | None], seconds: float) -> None:
        """A look is over in which not all tasks were read."""
        for cpu, n in left.items():
            if n is not None:
                self._sums[cpu] = self._sum(cpu, n, seconds)
                self._habits[cpu] = self._habits.get(cpu, 0.0) * FADES

    def settle(self, left: Mapping[int, float | None], seconds: float) -> None:
        """All tasks were read, and this was left."""
        for cpu, n in left.items():
            self._sums[cpu] = 0.0
            self._habits[cpu] = max((n or 0.0) / seconds, self._habits.get(cpu, 0.0) * FADES)

    def _sum(self, cpu: int, left: float, seconds: float) -> float:
        allowed = (ALLOWED + self._habits.get(cpu, 0.0)) * seconds
        return max(self._sums.get(cpu, 0.0) + left - allowed, 0.0)

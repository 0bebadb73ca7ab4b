"""What this process itself costs."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

from vfiotui.model.base.reading import Counter, Reading, Unread, Why, rate
from vfiotui.model.live.sample import OwnCost


class CostReader:
    """CPU time of this process between two readings, its memory (getrusage(2)), and what it writes."""

    def __init__(self, written: Callable[[], int | None] = lambda: None) -> None:
        """`written` tells the bytes that went to the terminal so far, or None where nobody counts."""
        self._written = written
        self._cpu: Counter | None = None
        self._bytes: Counter | None = None

    def read(self) -> OwnCost:
        """CPU milliseconds and bytes per second since the last reading; the peak of the resident memory."""
        at = time.monotonic()
        cpu = Counter(at, time.process_time_ns())
        spent = rate(self._cpu, cpu)
        self._cpu = cpu
        written = self._written()
        told: Reading[float] = Unread("not counted", Why.NOT_HERE)
        if written is not None:
            count = Counter(at, written)
            told = rate(self._bytes, count)
            self._bytes = count
        peak: Reading[int] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss or Unread("not reported", Why.ABSENT)
        return OwnCost(spent if isinstance(spent, Unread) else spent / 1e6, peak, told)

"""What this process itself costs."""

from __future__ import annotations

import resource
import time

from vfiotui.model.live import OwnCost
from vfiotui.model.reading import Counter, Reading, Unread, Why, rate


class CostReader:
    """CPU time of this process between two readings, and its memory (getrusage(2))."""

    def __init__(self) -> None:
        self._before: Counter | None = None

    def read(self) -> OwnCost:
        """CPU milliseconds per second since the last reading; the peak of the resident memory."""
        now = Counter(time.monotonic(), time.process_time_ns())
        spent = rate(self._before, now)
        self._before = now
        peak: Reading[int] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss or Unread("not told", Why.ABSENT)
        return OwnCost(spent if isinstance(spent, Unread) else spent / 1e6, peak)

"""How long CPUs were not idle between two looks.

Idle time of /proc/stat is measured where the kernel stops the tick of an idle CPU (kernel/time/tick-sched.c), while
busy ticks are only what the tick happened to meet: so time that is not idle tells more than the busy ticks do.
"""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.rates import TICKS

ROOM = 1 << 20
"""Bytes of /proc/stat that are read: 8192 CPUs and their interrupts."""
WHOLE = -1
"""Stands for all CPUs together."""


class CpuBusy:
    """Remembers the last two readings; only the lines that are asked for are taken apart."""

    def __init__(self, root: Root) -> None:
        self._stat = root.keep_open("/proc/stat")
        self._before, self._now = b"", b""
        self._at = self._seconds = 0.0
        self.forked = False
        """Whether tasks were born in between; a kernel that does not tell is not taken to say so."""

    def read(self, at: float) -> None:
        """Reads all CPUs; `at` is the moment, in seconds of CLOCK_MONOTONIC."""
        data = self._stat.read(ROOM)
        self._before, self._now = self._now, b"" if isinstance(data, Unread) else b"\n" + data
        self._seconds, self._at = at - self._at, at
        forks = _line(self._now, b"processes")
        self.forked = bool(forks) and forks != _line(self._before, b"processes")

    def seconds(self, cpu: int) -> tuple[float, float] | None:
        """How long a CPU (or `WHOLE`) was not idle between the last two readings, and how much of that the tick found
        to be interrupts; None where that is unknown, as for a CPU that was offline at one of them."""
        name = b"cpu" if cpu == WHOLE else b"cpu%d" % cpu
        before, now = _line(self._before, name), _line(self._now, name)
        many = 1
        if cpu == WHOLE:
            many = self._now.count(b"\ncpu") - 1
            if self._before.count(b"\ncpu") - 1 != many:
                return None
        if len(before) < 8 or len(now) < 8:
            return None
        # user nice system idle iowait irq softirq steal; iowait may run backwards (proc(5)).
        grown = [n - b for b, n in zip(before, now, strict=False)]
        possible = self._seconds * many
        busy = possible - (grown[3] + grown[4] + grown[7]) / TICKS
        return min(max(busy, 0.0), possible), max(grown[5] + grown[6], 0) / TICKS

    def close(self) -> None:
        """Lets the file go."""
        self._stat.close()


def _line(data: bytes, name: bytes) -> list[int]:
    """The numbers of a line; empty where there is none."""
    begin = data.find(b"\n" + name + b" ")
    if begin < 0:
        return []
    end = data.find(b"\n", begin + 1)
    words = data[begin + 1 : end if end >= 0 else len(data)].split()[1:]
    return [int(w) for w in words] if all(w.isdigit() and len(w) < 20 for w in words) else []

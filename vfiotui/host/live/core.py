"""One host CPU looked at closely, for somebody who asks for it: C-states, throttling, interrupts by source.

cpuidle counts microseconds and entries of each state (admin-guide/pm/cpuidle.rst); thermal_throttle is there on
Intel's only (arch/x86/kernel/cpu/mce/therm_throt.c).
"""

from __future__ import annotations

import re
import time

from vfiotui.host.live.count_table import CountTable
from vfiotui.host.root.root import KeptFile, Root
from vfiotui.host.root.sysfs_index import CPUS
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.live.core import Core, IdleState, Source
from vfiotui.model.live.rates import FIRST, per_second

STATE = re.compile(r"state(\d{1,3})$")
NO_IDLE = Unread("this kernel shows no idle states of it", Why.ABSENT)
NO_THROTTLE = Unread("only Intel's processors count it", Why.ABSENT)
DAMAGED = Unread("is no number", Why.DAMAGED)


class CoreReader:
    """Keeps the files of one CPU open, and the last counts."""

    def __init__(self, root: Root, cpu: int) -> None:
        self._cpu = cpu
        folder = f"{CPUS}/cpu{cpu}"
        self._states: list[tuple[str, bool, KeptFile, KeptFile]] = []
        names = or_else(root.names(f"{folder}/cpuidle"), ())
        for state in sorted(int(m[1]) for m in map(STATE.match, names) if m):
            place = f"{folder}/cpuidle/state{state}"
            name = or_else(root.text(f"{place}/name"), "").strip()[:20] or f"state{state}"
            off = root.integer(f"{place}/disable") == 1
            self._states.append((name, off, root.keep_open(f"{place}/time"), root.keep_open(f"{place}/usage")))
        throttle = f"{folder}/thermal_throttle"
        self._throttles: tuple[KeptFile, ...] = ()
        if root.exists(throttle) is True:
            names = ("core_throttle_count", "package_throttle_count")
            self._throttles = tuple(root.keep_open(f"{throttle}/{n}") for n in names)
        self._tables = {
            "irq": CountTable(root.keep_open("/proc/interrupts")),
            "softirq": CountTable(root.keep_open("/proc/softirqs")),
        }
        self._at = 0.0
        self._idle: list[tuple[Reading[int], Reading[int]]] = []
        self._throttled: list[Reading[int]] = []

    def read(self) -> Core:
        """What has happened since the last reading; the first one has no rates."""
        at = time.monotonic()
        first, seconds, self._at = not self._at, at - self._at, at
        idle = [(_number(t), _number(u)) for _, _, t, u in self._states]
        states: Reading[tuple[IdleState, ...]] = NO_IDLE
        if self._states:
            before = [(FIRST, FIRST)] * len(idle) if first else self._idle
            states = tuple(
                IdleState(name, _share(old[0], now[0], seconds), per_second(old[1], now[1], seconds, 1), off)
                for (name, off, _, _), old, now in zip(self._states, before, idle, strict=True)
            )
        self._idle = idle
        throttled = [_number(f) for f in self._throttles]
        slow: list[Reading[float]] = [NO_THROTTLE, NO_THROTTLE]
        if throttled:
            counts: list[Reading[int]] = [FIRST] * len(throttled) if first else self._throttled
            slow = [per_second(old, now, seconds, 1) for old, now in zip(counts, throttled, strict=True)]
        self._throttled = throttled
        grown = [
            Source(kind, name, count / seconds)
            for kind, table in self._tables.items()
            for _, name, count in table.growth(frozenset({self._cpu}))
        ]
        sources = tuple(sorted(grown, key=lambda s: -s.per_second))
        ever = throttled[0] if throttled else NO_THROTTLE
        length = 0.0 if first else seconds
        return Core(self._cpu, at, length, states, slow[0], ever, slow[1], FIRST if first else sources)

    def close(self) -> None:
        """Lets all files go."""
        for _, _, spent, usage in self._states:
            spent.close()
            usage.close()
        for file in (*self._throttles, *(t.file for t in self._tables.values())):
            file.close()


def _number(file: KeptFile) -> Reading[int]:
    data = file.read(64)
    if isinstance(data, Unread):
        return data
    text = data.strip()
    return int(text) if text.isdigit() and len(text) < 20 else DAMAGED


def _share(before: Reading[int], now: Reading[int], seconds: float) -> Reading[float]:
    """The part of the time in a state; a state that is left counts all of its time at once."""
    share = per_second(before, now, seconds, 1e6)
    return share if isinstance(share, Unread) else min(share, 1.0)

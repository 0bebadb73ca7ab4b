"""From switches and interrupts to who had a CPU, and behind whom a vCPU waited."""

from __future__ import annotations

from vfiotui.model.live.interference import Culprit, Wait

WAITS = 20
"""Waits that are kept of one time: the longest."""
BEHIND = 6
"""Of a wait that many are kept behind whom it was spent: those who ran longest."""
Who = tuple[str, str, int]
"""Kind, name, thread id."""
IDLE = 0
"""The thread id of the idle task of every CPU."""


class _Cpu:
    """What is known of one CPU at this moment."""

    def __init__(self) -> None:
        self.task: Who | None = None
        """None: not known yet."""
        self.borders: list[Who] = []
        """Interrupts that are being served, the innermost last."""
        self.since = 0.0
        self.time: dict[Who, float] = {}
        self.counts: dict[Who, int] = {}

    @property
    def who(self) -> Who | None:
        return self.borders[-1] if self.borders else self.task


class TraceAccounting:
    """Takes events in their order; `take` tells what they came to since the last time."""

    def __init__(self, vcpus: frozenset[int]) -> None:
        """The thread ids of the vCPUs whose waits are told."""
        self._vcpus = vcpus
        self._cpus: dict[int, _Cpu] = {}
        self._ready: dict[int, tuple[float, int, dict[Who, float]]] = {}
        """A waiting vCPU → since when, where, and who ran there meanwhile."""
        self._waits: list[Wait] = []
        self._count = 0

    def switch(self, cpu: int, at: float, left: int, ready: bool, comes: int, name: str) -> None:
        """A CPU goes to another task; an interrupt is over then, whatever was missed."""
        seen = self._pass(cpu, at)
        seen.borders.clear()
        seen.task = ("task", name, comes)
        if left in self._vcpus and ready:
            self._ready[left] = (at, cpu, {})
        waited = self._ready.pop(comes, None)
        if waited is not None:
            since, _, behind = waited
            self._count += 1
            told = sorted(((*who, s * 1e3) for who, s in behind.items()), key=lambda b: -b[3])
            self._waits.append(Wait(comes, cpu, at, (at - since) * 1e3, tuple(told[:BEHIND])))
            if len(self._waits) > 4 * WAITS:
                self._shorten()

    def wakeup(self, at: float, tid: int, cpu: int) -> None:
        """A vCPU is ready; one that waits already goes on waiting."""
        if tid in self._vcpus and tid not in self._ready:
            self._pass(cpu, at)
            self._ready[tid] = (at, cpu, {})

    def border(self, cpu: int, at: float, kind: str, name: str, begins: bool) -> None:
        """An interrupt begins or ends; the end of one whose beginning was missed ends nothing."""
        seen = self._pass(cpu, at)
        if begins:
            who = (kind, name, 0)
            seen.borders.append(who)
            seen.counts[who] = seen.counts.get(who, 0) + 1
        elif seen.borders and seen.borders[-1][0] == kind:
            seen.borders.pop()

    def gap(self, cpu: int) -> None:
        """Events are missing: nothing is known of the CPU until its next switch."""
        seen = self._cpus.setdefault(cpu, _Cpu())
        seen.task, seen.borders = None, []
        self._ready = {t: w for t, w in self._ready.items() if w[1] != cpu}

    def take(
        self, at: float, seconds: float, cpus: frozenset[int]
    ) -> tuple[tuple[Culprit, ...], tuple[Wait, ...], int]:
        """Shares of the last seconds, the longest waits and the count of all; begins anew."""
        found = []
        for cpu in cpus & self._cpus.keys():
            seen = self._pass(cpu, max(at, self._cpus[cpu].since))
            for (kind, name, tid), spent in seen.time.items():
                if tid == IDLE and kind == "task":
                    continue
                rate = seen.counts.get((kind, name, tid), 0) / seconds
                found.append(Culprit(cpu, kind, name, tid, min(spent / seconds, 1.0), rate))
            seen.time, seen.counts = {}, {}
        self._shorten()
        waits, count = tuple(self._waits), self._count
        self._waits, self._count = [], 0
        return tuple(found), waits, count

    def _shorten(self) -> None:
        self._waits = sorted(self._waits, key=lambda w: -w.ms)[:WAITS]

    def _pass(self, cpu: int, at: float) -> _Cpu:
        """Books the time since the last event on this CPU."""
        seen = self._cpus.setdefault(cpu, _Cpu())
        who, spent = seen.who, at - seen.since
        if who is not None and spent > 0:
            seen.time[who] = seen.time.get(who, 0.0) + spent
            self._charge(cpu, who, seen.since, at)
        seen.since = max(at, seen.since)
        return seen

    def _charge(self, cpu: int, who: Who, begin: float, end: float) -> None:
        for since, place, behind in self._ready.values():
            if place == cpu:
                behind[who] = behind.get(who, 0.0) + end - max(begin, since)

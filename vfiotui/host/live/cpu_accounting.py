"""The account of one look: what CPUs ran, who accounts for it, and what is left that nobody does."""

from __future__ import annotations

from vfiotui.host.live.cpu_busy import WHOLE, CpuBusy
from vfiotui.host.live.task_clock import Task
from vfiotui.model.live.interference import Culprit

SHARE = 0.002
"""Of a CPU's time: a task that takes less causes no stutter."""
LOOSE = 0.02
"""Seconds by which two ways to measure the same may differ: two ticks."""
ENDED_SHARE = 0.05
"""What tasks that are gone must have taken at least before they are spoken of: ticks tell no better."""


class CpuAccounting:
    """The CPUs that are looked at; times are seconds."""

    def __init__(self, cpus: frozenset[int], seconds: float, busy: CpuBusy) -> None:
        self.seconds = seconds
        """How long the look is."""
        self._busy = busy
        self._told = {cpu: busy.seconds(cpu) for cpu in cpus}
        self.left = {cpu: None if told is None else told[0] for cpu, told in self._told.items()}
        """What each CPU ran beyond all known tasks; None where it is not known what it ran."""
        self.found: list[Culprit] = []
        self._ran = 0.0
        """By all tasks on all CPUs."""
        self._stale: list[tuple[float, Task]] = []

    def unaccounted(self) -> dict[int, float | None]:
        """What of `left` somebody must have run who was not booked: no more than is left of all these CPUs together,
        as what a task ran on two of them is booked on one."""
        known = [n for n in self.left.values() if n is not None]
        together = max(sum(known), 0.0)
        return {cpu: None if n is None else min(n, together) for cpu, n in self.left.items()}

    def book(self, task: Task, ran: float) -> None:
        """A task ran so long within this look, on the CPU where it was last."""
        self._ran += ran
        if task.cpu in self.left:
            left = self.left[task.cpu]
            self.left[task.cpu] = None if left is None else left - ran
            if ran / self.seconds > SHARE:
                kind = "kernel" if task.kernel else "task"
                self.found.append(Culprit(task.cpu, kind, task.name, task.tid, min(ran / self.seconds, 1.0), 0.0))

    def book_if_it_fits(self, task: Task, ran: float) -> None:
        """A task ran so long since it was read last, which was before this look: see `settle`."""
        self._stale.append((ran, task))

    def settle(self) -> None:
        """Books what may be older than this look as far as nobody else accounts for that time, the longest first.

        What is more than is left was not all in this look: how much was, the next one tells.
        """
        for ran, task in sorted(self._stale, key=lambda pair: -pair[0]):
            left = self.left.get(task.cpu)
            if left is not None and ran <= left + LOOSE:
                self.book(task, ran)
            else:
                self._ran += ran
        self._stale.clear()

    def ended(self) -> None:
        """Tells what is left of each CPU as the share of tasks that are gone, once all tasks there are were booked.

        No more than is left of the whole machine: a task that changes its CPU is booked on one of them only.
        """
        whole = self._busy.seconds(WHOLE)
        if whole is None:
            return
        rest = whole[0] - whole[1] - self._ran
        for cpu, left in self.left.items():
            told = self._told[cpu]
            if left is None or told is None:
                continue
            gone = min(left - told[1], rest)
            if gone / self.seconds > ENDED_SHARE and gone > LOOSE:
                rest -= gone
                self.found.append(Culprit(cpu, "ended", "tasks that have ended", 0, gone / self.seconds, 0.0))

"""Who runs on the CPUs of vCPUs: tasks by their CPU time, interrupts and softirqs by their counts.

A task is booked on the CPU on which it was seen last (field 39 of stat), with all that it ran between two looks:
what jumps between CPUs within a look may be booked wrongly.

Only tasks that have run there lately are read in every look. All others, and whoever was born since, are read when
the CPUs ran what nobody accounts for: so a look costs what runs, not what is there. What the sleeping ones ran before
this look cannot be told from what they ran in it; the account decides (cpu_ledger).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from vfiotui.host.live.count_table import CountTable
from vfiotui.host.live.cpu_accounting import SHARE, CpuAccounting
from vfiotui.host.live.cpu_busy import CpuBusy
from vfiotui.host.live.task_clock import Task
from vfiotui.host.live.task_table import TaskTable
from vfiotui.host.live.unaccounted_time import UnaccountedTime
from vfiotui.host.root.root import Root
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.rates import FIRST

FOLLOWED = 0.0005
"""Share of a CPU's time from which on a task is read in every look."""
PATIENCE = 64
"""Looks after which all tasks are read though nothing asks for it."""
MEMORY_SECONDS = 60.0
"""After such a pause it is begun anew."""
RATE = 0.5
"""Interrupts in a second: fewer cause no stutter."""


class CulpritReader:
    """Remembers the last look, because a share is a difference."""

    def __init__(self, root: Root, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds of CLOCK_MONOTONIC."""
        self._now = now
        self._tasks = TaskTable(root)
        self._busy = CpuBusy(root)
        self._unexplained = UnaccountedTime()
        self._tables = {
            "irq": CountTable(root.keep_open("/proc/interrupts")),
            "softirq": CountTable(root.keep_open("/proc/softirqs")),
        }
        self._at = 0.0
        self._patience = PATIENCE
        self._closed = False

    def read(self, cpus: frozenset[int]) -> Culprits:
        """Who ran on these CPUs since the last reading; the first one, and one after a pause, has no answer."""
        began, at = time.thread_time(), self._now()
        if at - self._at > MEMORY_SECONDS:
            self._tasks.forget()
        first, unknown = not len(self._tasks), not len(self._tasks) or self._closed
        seconds, self._at, self._closed = at - self._at, at, False
        self._busy.read(at)
        self._tasks.begin()
        ledger = CpuAccounting(cpus, seconds, self._busy)
        looked = len(self._tasks) if first else self._account(ledger)
        self._tasks.end()
        found = ledger.found
        for kind, table in self._tables.items():
            for cpu, name, count in table.growth(cpus):
                if count / seconds > RATE:
                    found.append(Culprit(cpu, kind, name, 0, 0.0, count / seconds))
        cost = (time.thread_time() - began) * 1e3
        others = max(len(self._tasks) - looked, 0) + self._tasks.unmet
        return Culprits(at, seconds, FIRST if unknown else tuple(found), looked, cost, others=others)

    def close(self) -> None:
        """Lets all files go; what was read is remembered for a while."""
        self._tasks.close()
        self._busy.close()
        for table in self._tables.values():
            table.file.close()
        self._closed = True

    def _account(self, ledger: CpuAccounting) -> int:
        """Books who ran, from those who did lately to all, until the CPUs are accounted for; how many were read."""
        tasks, unexplained, seconds = self._tasks, self._unexplained, ledger.seconds
        known = len(tasks)
        looked = self._book(tasks.awake(), ledger)
        if unexplained.somebody(ledger.unaccounted(), seconds):
            looked += self._book(tasks.born(), ledger)
        left = ledger.unaccounted()
        self._patience -= 1
        if self._patience > 0 and not unexplained.asks(left, seconds):
            unexplained.add(left, seconds)
            return looked
        self._patience = PATIENCE
        looked += self._book(tasks.rest(), ledger)
        unexplained.settle(ledger.unaccounted(), seconds)
        if self._busy.forked or len(tasks) < known:
            ledger.ended()
        return looked

    def _book(self, tasks: Sequence[Task], ledger: CpuAccounting) -> int:
        """Reads some tasks and books what they ran."""
        for task in tasks:
            told = self._tasks.read(task, SHARE * ledger.seconds)
            if told is None:
                continue
            ran, fresh = told
            if ran and fresh:
                ledger.book(task, ran)
            elif ran:
                ledger.book_if_it_fits(task, ran)
            self._tasks.note(task, task.cpu in ledger.left and ran > FOLLOWED * ledger.seconds)
        ledger.settle()
        return len(tasks)

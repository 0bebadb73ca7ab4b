"""Who runs on the CPUs of vCPUs: tasks by their CPU time, interrupts and softirqs by their counts.

A task is booked on the CPU on which it was seen last (field 39 of stat), with all that it ran between two looks:
what jumps between CPUs within a look may be booked wrongly.

Only tasks that have run there lately are read in every look. All others, and whoever was born since, are read when
the CPUs ran what nobody accounts for: so a look costs what runs, not what is there. What the sleeping ones ran before
this look cannot be told from what they ran in it; the account decides (cpu_ledger).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from vfiotui.host.count_table import CountTable
from vfiotui.host.cpu_busy import CpuBusy
from vfiotui.host.cpu_ledger import SHARE, Ledger
from vfiotui.host.root import Root
from vfiotui.host.task_clock import ROUNDED, Task, TaskClock, TaskStat
from vfiotui.host.task_list import TaskList
from vfiotui.host.unexplained import Unexplained
from vfiotui.model.culprit import Culprit, Culprits
from vfiotui.model.rates import FIRST, TICKS

MOST_TASKS = 4000
"""Tasks that are followed; on a host with more, the rest is told as not looked at."""
MOST_BORN = 400
"""Ids that are tried one by one; where more were given out, all tasks are listed when next all are read."""
KEPT = 64
"""Tasks whose files stay open."""
FOLLOWED = 0.0005
"""Share of a CPU's time from which on a task is read in every look."""
AWAKE = 8
"""Looks in which it is still read after it has run."""
PATIENCE = 64
"""Looks after which all tasks are read though nothing asks for it."""
MEMORY_SECONDS = 60.0
"""After such a pause it is begun anew."""
RATE = 0.5
"""Interrupts in a second: fewer are nobody's stutter."""


class CulpritReader:
    """Remembers the last look, because a share is a difference."""

    def __init__(self, root: Root, now: Callable[[], float] = time.monotonic) -> None:
        """`now` tells seconds of CLOCK_MONOTONIC."""
        self._now = now
        self._clock = TaskClock(root)
        self._list = TaskList(root)
        self._busy = CpuBusy(root)
        self._unexplained = Unexplained()
        self._tables = {
            "irq": CountTable(root.keep_open("/proc/interrupts")),
            "softirq": CountTable(root.keep_open("/proc/softirqs")),
        }
        self._tasks: dict[int, Task] = {}
        self._awake: dict[int, Task] = {}
        """Those that are read in every look."""
        self._unmet = 0
        """Tasks beyond the most that are followed."""
        self._unlisted = False
        """Whether more were born than could be tried one by one."""
        self._look = self._all_in = 0
        """The number of this look, and of the last one in which all tasks were read."""
        self._at = self._born_after = 0.0
        self._closed = False

    def read(self, cpus: frozenset[int]) -> Culprits:
        """Who ran on these CPUs since the last reading; the first one, and one after a pause, has no answer."""
        began, at = time.thread_time(), self._now()
        if at - self._at > MEMORY_SECONDS:
            self._forget_all()
        first, unknown = not self._tasks, not self._tasks or self._closed
        seconds, self._at, self._closed = at - self._at, at, False
        self._look += 1
        self._busy.read(at)
        found: list[Culprit] = []
        if first:
            self._list.born(0)
            self._meet_all(first=True)
            looked, self._all_in = len(self._tasks), self._look
        else:
            ledger = Ledger(cpus, seconds, self._busy)
            looked = self._look_at_tasks(ledger, seconds)
            found = ledger.found
        self._born_after = time.clock_gettime(time.CLOCK_BOOTTIME)
        for kind, table in self._tables.items():
            for cpu, name, count in table.growth(cpus):
                if count / seconds > RATE:
                    found.append(Culprit(cpu, kind, name, 0, 0.0, count / seconds))
        cost = (time.thread_time() - began) * 1e3
        others = max(len(self._tasks) - looked, 0) + self._unmet
        return Culprits(at, seconds, FIRST if unknown else tuple(found), looked, cost, others=others)

    def close(self) -> None:
        """Lets all files go; what was read is remembered for a while."""
        self._list.close()
        self._busy.close()
        for table in self._tables.values():
            table.file.close()
        for task in self._awake.values():
            task.rest()
        self._closed = True

    def _look_at_tasks(self, ledger: Ledger, seconds: float) -> int:
        """Books who ran; gives the number of tasks that were read."""
        known = len(self._tasks)
        read = list(self._awake.values())
        for task in read:
            self._run(task, ledger, seconds)
        looked = len(read)
        left = ledger.unaccounted()
        if self._unexplained.somebody(left, seconds):
            read = self._meet_born()
            for task in read:
                self._run(task, ledger, seconds)
            looked += len(read)
            left = ledger.unaccounted()
        if self._look - self._all_in < PATIENCE and not self._unexplained.asks(left, seconds):
            self._unexplained.add(left, seconds)
            return looked
        if self._unlisted:
            self._meet_all()
        rest = [t for t in self._tasks.values() if t.read_in < self._look]
        for task in rest:
            self._run(task, ledger, seconds)
        ledger.settle()
        self._unexplained.settle(ledger.unaccounted(), seconds)
        self._all_in = self._look
        if self._busy.forked or len(self._tasks) < known:
            ledger.ended()
        return looked + len(rest)

    def _run(self, task: Task, ledger: Ledger, seconds: float) -> None:
        """Reads one task and books what it ran."""
        grown = self._clock.grown(task, int(SHARE * seconds * 1e9))
        if grown is None:
            task.rest()
            del self._tasks[task.tid]
            self._awake.pop(task.tid, None)
            return
        fresh, task.read_in = task.read_in == self._look - 1, self._look
        if grown:
            (ledger.book if fresh else ledger.book_if_it_fits)(task, grown / 1e9)
        if task.cpu in ledger.left and grown / 1e9 > FOLLOWED * seconds:
            task.ran_in = self._look
            if task.tid not in self._awake:
                self._awake[task.tid] = task
        elif task.tid in self._awake and self._look - task.ran_in > AWAKE:
            task.rest()
            del self._awake[task.tid]
        if task.files is None and task.tid in self._awake and len(self._awake) <= KEPT:
            self._clock.keep(task)

    def _meet_born(self) -> list[Task]:
        """Gets to know the tasks that were born since the last call; where those are too many, later with all."""
        born = self._list.born(MOST_BORN)
        self._unlisted = self._unlisted or born is None
        found = []
        for tid in born or ():
            told = self._clock.stat(tid)
            task = None if told is None else self._meet(tid, told)
            if task is not None:
                found.append(task)
        return found

    def _meet_all(self, first: bool = False) -> None:
        """Gets to know every task; threads are listed only where a process has more than one."""
        self._unmet = 0
        self._unlisted = False
        for pid in self._list.processes():
            told = self._clock.stat(pid)
            if told is None:
                continue
            self._meet(pid, told, first)
            for tid in self._list.threads(pid) if told.threads != 1 else ():
                other = self._clock.stat(tid) if tid not in self._tasks else None
                if other is not None:
                    self._meet(tid, other, first)

    def _meet(self, tid: int, told: TaskStat, first: bool = False) -> Task | None:
        """Remembers a task; all that it ran is still to be booked unless it was there at the `first` look."""
        known = self._tasks.get(tid)
        if known is not None and known.start == told.start:
            return None
        if known is None and len(self._tasks) >= MOST_TASKS:
            self._unmet += 1
            return None
        if first:
            task = Task(tid, told, told.ran, ROUNDED, self._look)
        else:
            read_in = self._look - 1 if told.start / TICKS > self._born_after - 1 / TICKS else 0
            if known is not None:
                known.rest()
                self._awake.pop(tid, None)
                read_in = known.read_in
            task = Task(tid, told, 0, 0, read_in)
        self._tasks[tid] = task
        return task

    def _forget_all(self) -> None:
        for task in self._awake.values():
            task.rest()
        self._tasks.clear()
        self._awake.clear()

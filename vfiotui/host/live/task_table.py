"""The tasks of a host over many looks: all are remembered, and those that ran lately are awake.

The files of the awake ones stay open. The others are met again when somebody asks for all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from vfiotui.host.live.task_clock import ROUNDED, Task, TaskClock, TaskStat
from vfiotui.host.live.task_list import Births, TaskList
from vfiotui.host.root.root import Root
from vfiotui.model.live.rates import TICKS

MOST_TASKS = 4000
"""Tasks that are remembered; what a host has beyond is counted."""
MOST_BORN = 400
"""Ids that are tried one by one; where more were given out, all tasks are listed when next all are read."""
KEPT = 64
"""Tasks whose files stay open."""
AWAKE = 8
"""Looks in which a task is still awake after it has run."""


class TaskTable:
    """Counts the looks, and knows in which one each task was read."""

    def __init__(self, root: Root) -> None:
        self._clock = TaskClock(root)
        self._list = TaskList(root)
        self._births = Births(root)
        self._tasks: dict[int, Task] = {}
        self._awake: dict[int, Task] = {}
        self._look = 0
        self._looked_at = 0.0
        """The moment of the last look, in seconds after boot."""
        self._unlisted = False
        """Whether more were born than could be tried one by one."""
        self.unmet = 0
        """Tasks beyond the most that are remembered."""

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self) -> None:
        """A new look begins; where nobody is known, everybody is met, and what they ran so far is of no interest."""
        self._look += 1
        if not self._tasks:
            self._births.born(0)
            self._meet_all(first=True)

    def end(self) -> None:
        """The look is over: who is born from now on belongs to the next one."""
        self._looked_at = time.clock_gettime(time.CLOCK_BOOTTIME)

    def awake(self) -> tuple[Task, ...]:
        """Those that ran lately."""
        return tuple(self._awake.values())

    def born(self) -> tuple[Task, ...]:
        """Those that were born since this was asked last; where they are too many, `rest` finds them."""
        born = self._births.born(MOST_BORN)
        self._unlisted = self._unlisted or born is None
        found = ((tid, self._clock.stat(tid)) for tid in born or ())
        met = [self._meet(tid, told) for tid, told in found if told is not None]
        return tuple(task for task in met if task is not None)

    def rest(self) -> tuple[Task, ...]:
        """All that were not read in this look."""
        if self._unlisted:
            self._meet_all()
        return tuple(t for t in self._tasks.values() if t.read_in < self._look)

    def read(self, task: Task, least: float) -> tuple[float, bool] | None:
        """Seconds that a task ran since it was read last, and whether that was in the last look; None where it has
        ended. Where they are fewer than `least`, its CPU and name are those of before."""
        grown = self._clock.grown(task, int(least * 1e9))
        if grown is None:
            task.rest()
            del self._tasks[task.tid]
            self._awake.pop(task.tid, None)
            return None
        fresh, task.read_in = task.read_in == self._look - 1, self._look
        return grown / 1e9, fresh

    def note(self, task: Task, ran: bool) -> None:
        """A task that was read is awake while it runs, and for some looks after."""
        if ran:
            task.ran_in = self._look
            self._awake[task.tid] = task
            if task.files is None and len(self._awake) <= KEPT:
                self._clock.keep(task)
        elif task.tid in self._awake and self._look - task.ran_in > AWAKE:
            task.rest()
            del self._awake[task.tid]

    def close(self) -> None:
        """Lets all files go."""
        self._list.close()
        self._births.close()
        for task in self._awake.values():
            task.rest()

    def forget(self) -> None:
        """Nobody is known any more."""
        self.close()
        self._tasks.clear()
        self._awake.clear()

    def _everybody(self) -> Iterator[tuple[int, TaskStat | None]]:
        """All processes, then threads, which are listed only where a process has more than one."""
        for pid in self._list.processes():
            told = self._clock.stat(pid)
            yield pid, told
            if told is not None and told.threads != 1:
                yield from ((t, self._clock.stat(t)) for t in self._list.threads(pid) if t not in self._tasks)

    def _meet_all(self, first: bool = False) -> None:
        self.unmet = 0
        self._unlisted = False
        for tid, told in self._everybody():
            if told is not None:
                self._meet(tid, told, first)

    def _meet(self, tid: int, told: TaskStat, first: bool = False) -> Task | None:
        """Remembers a task; all that it ran is still to be told unless it was there at the `first` look."""
        known = self._tasks.get(tid)
        if known is not None and known.start == told.start:
            return None
        if known is None and len(self._tasks) >= MOST_TASKS:
            self.unmet += 1
            return None
        if known is not None:
            known.rest()
            self._awake.pop(tid, None)
        young = known is None and told.start / TICKS > self._looked_at - 1 / TICKS
        read_in = self._look if first else self._look - 1 if young else 0 if known is None else known.read_in
        task = self._tasks[tid] = Task(tid, told, *((told.ran, ROUNDED) if first else (0, 0)), read_in)
        return task

"""How long single tasks have run, and where: schedstat first, stat only of those that ran.

schedstat of a task counts its nanoseconds on a CPU (Documentation/scheduler/sched-stats.rst), and reading it takes a
quarter of the time of stat. Kernels that count no scheduling delays answer with zeros: stat's hundredths of a second
are taken there. Any thread is found below /proc by its own id, though only processes are listed (proc(5)).
"""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.host.root.root import KeptFile, Root
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.rates import TICKS

KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags of stat (include/linux/sched.h)."""
NOT_COUNTED = b"0 0 0\n"
TICK_NS = 10**9 // TICKS
ROUNDED = 2 * TICK_NS
"""Nanoseconds by which stat may tell too little: time of the program and of the kernel are each rounded down."""


class TaskStat(NamedTuple):
    """What stat tells of one task."""

    name: str
    kernel: bool
    """Whether it is a thread of the kernel."""
    threads: int
    """Of its process."""
    start: int
    """Ticks after boot."""
    ran: int
    """Nanoseconds, rounded down to ticks."""
    cpu: int
    """On which it was last."""


def parse_stat(data: Reading[bytes]) -> TaskStat | None:
    """The fields 9, 14, 15, 20, 22 and 39 of proc(5); None where the file is damaged or gone."""
    if isinstance(data, Unread):
        return None
    head, _, rest = data.rpartition(b")")
    fields = rest.split()
    chosen = fields[6:7] + fields[11:13] + fields[17:18] + fields[19:20] + fields[36:37]
    if len(chosen) != 6 or not all(w.isdigit() and len(w) < 20 for w in chosen):
        return None
    flags, user, system, threads, start, cpu = map(int, chosen)
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    return TaskStat(name, bool(flags & KERNEL_THREAD), threads, start, (user + system) * TICK_NS, cpu)


class Task:
    """One thread, and what was read of it last."""

    __slots__ = ("cpu", "files", "kernel", "name", "ran", "ran_in", "read_in", "rounded", "start", "tid")

    def __init__(self, tid: int, told: TaskStat, ran: int, rounded: int, read_in: int) -> None:
        self.tid = tid
        self.name = told.name
        self.kernel = told.kernel
        self.start = told.start
        self.cpu = told.cpu
        self.ran = ran
        """Nanoseconds."""
        self.rounded = rounded
        """By how much `ran` may be too little."""
        self.read_in = read_in
        """The look in which it was read last."""
        self.ran_in = 0
        """The last look in which it had run on a CPU that was looked at."""
        self.files: tuple[KeptFile, KeptFile] | None = None
        """What counts its time, and its stat, where they are kept open."""

    def rest(self) -> None:
        """Lets its files go."""
        for file in self.files or ():
            file.close()
        self.files = None


class TaskClock:
    """Reads single tasks."""

    def __init__(self, root: Root) -> None:
        self._root = root
        own = root.bytes("/proc/self/schedstat", 256)
        self._exact = isinstance(own, bytes) and own != NOT_COUNTED

    def stat(self, tid: int) -> TaskStat | None:
        """Everything that stat tells; None where there is no such task."""
        return parse_stat(self._root.peek(_stat_path(tid)))

    def keep(self, task: Task) -> None:
        """From now on the task's files stay open."""
        stat = self._root.keep_open(_stat_path(task.tid))
        task.files = (self._root.keep_open(_clock_path(task.tid)) if self._exact else stat), stat

    def grown(self, task: Task, least: int) -> int | None:
        """Nanoseconds that a task ran since it was read last; None where it has ended.

        Where they are fewer than `least`, its CPU is not looked at again. An id that was given to a new task inherits
        nothing: all that the new one ran is told.
        """
        rounded = task.rounded
        if self._exact:
            data = task.files[0].read_same(256) if task.files else self._root.peek(_clock_path(task.tid), 256)
            word = b"" if isinstance(data, Unread) else data.partition(b" ")[0]
            if not word.isdigit() or len(word) > 19:
                return None
            ran = int(word)
            grown = ran - task.ran
            if 0 <= grown < max(least, rounded):
                task.ran, task.rounded = ran, 0
                return 0 if grown < rounded else grown
        told = parse_stat(task.files[1].read_same(4096)) if task.files else self.stat(task.tid)
        if told is None:
            return None
        if not self._exact:
            ran = told.ran
            grown = ran - task.ran
        if grown < 0 or told.start != task.start:
            grown = ran
        task.ran, task.rounded = ran, 0
        task.name, task.kernel, task.start, task.cpu = told.name, told.kernel, told.start, told.cpu
        return grown


def _stat_path(tid: int) -> str:
    """Below /proc/TID itself, stat would be that of the whole process."""
    return f"/proc/{tid}/task/{tid}/stat"


def _clock_path(tid: int) -> str:
    """schedstat is always that of the one thread (fs/proc/base.c)."""
    return f"/proc/{tid}/schedstat"

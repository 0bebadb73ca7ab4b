"""Who runs on the CPUs of vCPUs: tasks by their CPU time, interrupts and softirqs by their counts.

A task is booked on the CPU on which it was seen last (field 39 of stat), with all that it ran between two looks:
what jumps between CPUs within a look may be booked wrongly. Looking through all tasks costs some 10 µs for each of
them, so it is done only while somebody asks, and never more often than its share allows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from vfiotui.host.count_table import CountTable
from vfiotui.host.root import Root
from vfiotui.model.culprit import Culprit, Culprits
from vfiotui.model.rates import FIRST, TICKS
from vfiotui.model.reading import Unread, or_else

MOST_TASKS = 4000
"""Tasks in one look; on a host with more, the rest waits for better times and is told as not seen."""
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags of stat (include/linux/sched.h)."""
SHARE, RATE = 0.002, 0.5
"""What is less than these is nobody's stutter."""


class CulpritReader:
    """Remembers the last look, because a share is a difference."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._processes = root.keep_folder("/proc")
        self._tables = {
            "irq": CountTable(root.keep_open("/proc/interrupts")),
            "softirq": CountTable(root.keep_open("/proc/softirqs")),
        }
        self._ticks: dict[int, tuple[int, int]] = {}
        """Thread → its start and its CPU time, in ticks."""
        self._at = 0.0

    def read(self, cpus: frozenset[int]) -> Culprits:
        """Who ran on these CPUs since the last reading; the first one has no answer."""
        began = time.thread_time()
        at = time.monotonic()
        seconds, first = at - self._at, not self._ticks
        self._at = at
        found: list[Culprit] = []
        ticks: dict[int, tuple[int, int]] = {}
        for tid, data in self._tasks():
            told = _task(data)
            if told is None:
                continue
            name, flags, start, ran, cpu = told
            ticks[tid] = (start, ran)
            before = self._ticks.get(tid)
            if cpu in cpus and not first:
                since = before[1] if before is not None and before[0] == start else 0
                share = (ran - since) / TICKS / seconds
                if share > SHARE:
                    kind = "kernel" if flags & KERNEL_THREAD else "task"
                    found.append(Culprit(cpu, kind, name, tid, min(share, 1.0), 0.0))
        self._ticks = ticks
        for kind, table in self._tables.items():
            for cpu, name, count in table.growth(cpus):
                if not first and count / seconds > RATE:
                    found.append(Culprit(cpu, kind, name, 0, 0.0, count / seconds))
        cost = (time.thread_time() - began) * 1e3
        return Culprits(at, seconds, FIRST if first else tuple(found), len(ticks), cost)

    def close(self) -> None:
        """Lets all files go."""
        self._processes.close()
        for table in self._tables.values():
            table.file.close()
        self._ticks = {}

    def _tasks(self) -> Iterator[tuple[int, bytes]]:
        """The stat of every thread; other threads than the first are listed only where there are some."""
        left = MOST_TASKS
        for name in or_else(self._processes.names(), ()):
            if not name.isdigit() or left <= 0:
                continue
            data = self._root.bytes(f"/proc/{name}/task/{name}/stat", 4096)
            if isinstance(data, Unread):
                continue
            left -= 1
            yield int(name), data
            if _field(data, 20) != b"1":
                for tid in or_else(self._root.names(f"/proc/{name}/task"), ()):
                    other = self._root.bytes(f"/proc/{name}/task/{tid}/stat", 4096) if tid != name else None
                    if isinstance(other, bytes) and tid.isdigit() and left > 0:
                        left -= 1
                        yield int(tid), other


def _field(data: bytes, number: int) -> bytes:
    """A field of stat by the number of proc(5); from the third one on."""
    fields = data.rpartition(b")")[2].split()
    return fields[number - 3] if number - 3 < len(fields) else b""


def _task(data: bytes) -> tuple[str, int, int, int, int] | None:
    """Name, flags, start, CPU time in ticks and CPU of a stat; None where it is damaged."""
    head, _, rest = data.rpartition(b")")
    fields = rest.split()
    chosen = fields[6:7] + fields[11:13] + fields[19:20] + fields[36:37]
    if len(chosen) != 5 or not all(w.isdigit() and len(w) < 20 for w in chosen):
        return None
    flags, user, system, start, cpu = map(int, chosen)
    return head.partition(b"(")[2].decode("utf-8", "replace"), flags, start, user + system, cpu

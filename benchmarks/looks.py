"""What a look at the tasks of this host costs with more and more sleeping processes on it."""

from __future__ import annotations

import os
import statistics
import time

from benchmarks.host import crowd
from vfiotui.host.live.interference import CulpritReader
from vfiotui.host.root.root import Root

STEADY = 8
"""Looks after the second one."""
SECONDS = 1.0
"""Between two looks."""


def looks() -> None:
    """Prints the first look, the second one, which reads all tasks once more, and the later ones."""
    cpus = frozenset({max(os.sched_getaffinity(0))})
    print(f"\n{'a look at the tasks, µs of CPU':32} {'tasks':>6} {'first':>7} {'second':>7} {'later':>7} {'read':>5}")
    for more in (0, 300, 2000):
        with crowd(more):
            reader = CulpritReader(Root.live())
            found = []
            for _ in range(STEADY + 2):
                found.append(reader.read(cpus))
                time.sleep(SECONDS)
            reader.close()
        first, second, *later = (look.cost_ms * 1e3 for look in found)
        read = statistics.median(look.tasks for look in found[2:])
        tasks = found[-1].tasks + found[-1].others
        name = f"{more} more sleeping processes"
        print(f"{name:32} {tasks:6} {first:7.0f} {second:7.0f} {statistics.median(later):7.0f} {read:5.0f}", flush=True)

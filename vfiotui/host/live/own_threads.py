"""This process's own threads: kept off the CPUs on which guests run, and content with what is left over.

Only attributes of our own threads are set (sched_setaffinity(2), sched_setscheduler(2), setpriority(2)).
"""

from __future__ import annotations

import contextlib
import os

from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import CPUS, cpu_list
from vfiotui.model.base.reading import or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list

NICE = 10


@dataclass(frozen=True, slots=True)
class SelfAffinity:
    """Where our threads may run from now on."""

    cpus: frozenset[int]
    """Empty: no CPU is free of guests, so all are used."""
    sentence: str
    """For the screen; empty where nothing had to be avoided."""


def _tids(root: Root) -> list[int]:
    return [int(n) for n in or_else(root.names("/proc/self/task"), ()) if n.isdigit()]


def lower_priority(root: Root) -> None:
    """Has all our threads yield to everybody else's: SCHED_BATCH and a nice value, as far as the kernel lets us."""
    for tid in _tids(root):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(tid, os.SCHED_BATCH, os.sched_param(0))
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, tid, NICE)


def avoid(root: Root, guests: frozenset[int], allowed: frozenset[int]) -> SelfAffinity:
    """Moves all our threads to those of the `allowed` CPUs on which no guest is pinned, isolated ones left out.

    Where that leaves none, they may run on any, and the sentence says so.
    """
    isolated = or_else(cpu_list(root, f"{CPUS}/isolated"), frozenset())
    free = allowed - guests - isolated or allowed - guests
    chosen = free or allowed
    for tid in _tids(root):
        with contextlib.suppress(OSError):
            if os.sched_getaffinity(tid) != chosen:
                os.sched_setaffinity(tid, chosen)
    if not guests & allowed:
        return SelfAffinity(chosen, "")
    if not free:
        return SelfAffinity(frozenset(), "every CPU belongs to a guest: sampled less often, on their CPUs")
    return SelfAffinity(chosen, f"runs on CPU {format_list(chosen)} only, off the guests' CPUs")

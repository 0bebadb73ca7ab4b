"""What a close look at the demo's host sees: tasks that take a CPU away whenever a vCPU's delay spikes, interrupts,
and the idle states of the CPUs."""

from __future__ import annotations

import time
from collections.abc import Callable

from vfiotui.demo.build_cpu import CPUS, online
from vfiotui.demo.build_guest import stat_line
from vfiotui.demo.build_interrupts import UPTIME
from vfiotui.demo.description import Host
from vfiotui.demo.figures import GUEST_SHARE, HOST_SHARE, TICKS, UP, Moving, area, spikes, wave
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.nodes import File, Nodes

KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags of stat (include/linux/sched.h)."""
FIRST = 60_000
"""Id of the first of these tasks."""
IDLE = (("POLL", 0), ("C1", 1), ("C2", 18))
"""Name and latency in microseconds of the states of a processor whose description names none."""
OFTEN = 2500
"""Rows without a number count that much faster than their totals say."""
VECTORS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU")


def busy_cpus(host: Host) -> tuple[int, ...]:
    """The CPUs of the running guests' pinned vCPUs."""
    return tuple(sorted({cpu for g in host.guests if g.pid is not None for cpu in g.pins}))


def add_host_tasks(nodes: Nodes, host: Host, clock: Callable[[], float] = time.monotonic) -> tuple[Nodes, Moving]:
    """The tree with these tasks in it, and what of them moves."""
    begin = clock() - UP

    def now() -> float:
        return clock() - begin

    tree, moving = TreeBuilder(), Moving()
    for tid, cpu in enumerate(busy_cpus(host), FIRST):
        path = f"/proc/{tid}/task/{tid}/stat"

        def stat(tid: int = tid, cpu: int = cpu) -> bytes:
            t = now()
            return stat_line(tid, 2, f"kworker/{cpu}:1-events", cpu, int(spikes(t, cpu) * TICKS), KERNEL_THREAD)

        tree.file(path, stat())
        tree.folder(f"/proc/{tid}/fd", 0o500)
        moving[path] = stat
    for cpu in online(host.cpu):
        _idle_states(tree, moving, host, cpu, now)
    table = nodes.get("/proc/interrupts")
    if isinstance(table, File):
        rows = [line.split(":", 1) for line in table.data.decode().split("\n")]
        moving["/proc/interrupts"] = lambda: _counted(rows, now() - UP)
    tree.file("/proc/softirqs", "")
    moving["/proc/softirqs"] = lambda: _softirqs(busy_cpus(host), now())
    return {**nodes, **tree.nodes}, moving


def _idle_states(tree: TreeBuilder, moving: Moving, host: Host, cpu: int, now: Callable[[], float]) -> None:
    """Of the time without work most is spent in the deepest state, an eighth of the rest in each one above."""
    share = GUEST_SHARE if cpu in busy_cpus(host) else HOST_SHARE
    states = host.cpu.idle or IDLE
    deepest = len(states) - 1
    for state, (word, latency) in enumerate(states):
        part = 0.875 * 0.125 ** (deepest - state) if state else 0.125**deepest

        def spent(part: float = part) -> int:
            t = now()
            return int((t - share * area(t, cpu) - spikes(t, cpu)) * part * 1e6)

        folder = f"{CPUS}/cpu{cpu}/cpuidle/state{state}"
        tree.files(folder, name=word, latency=latency, disable=0)
        for name, unit in (("time", 1), ("usage", 400 * (deepest - state + 1))):
            path = f"{folder}/{name}"
            tree.file(path, 0)
            moving[path] = lambda spent=spent, unit=unit: b"%d\n" % (spent() // unit)  # type: ignore[misc]


def _counted(rows: list[list[str]], t: float) -> bytes:
    """The table of interrupts, grown at the rates that it had since boot."""
    lines = []
    for row in rows:
        if len(row) < 2:
            lines.append(row[0])
            continue
        words = row[1].split()
        columns = next((i for i, w in enumerate(words) if not w.isdigit()), len(words))
        rate = (1 if row[0].strip().isdigit() else OFTEN) / UPTIME
        grown = "".join(f"{int(int(w) * (1 + t * rate)):>11}" for w in words[:columns])
        lines.append(f"{row[0]}:{grown}  {row[1].split(None, columns)[-1] if columns < len(words) else ''}")
    return "\n".join(lines).encode()


def _softirqs(cpus: tuple[int, ...], t: float) -> bytes:
    head = " " * 16 + "".join(f"{f'CPU{c}':<11}" for c in cpus)
    lines = [head]
    for index, name in enumerate(VECTORS):
        lines.append(f"{name:>12}:" + "".join(f"{int(t * (index + 1) * (2 + wave(0, c))):>11}" for c in cpus))
    return "\n".join([*lines, ""]).encode()

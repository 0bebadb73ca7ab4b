"""How long our threads were on the CPUs of a pinned guest, from their own accounting in /proc.

The kernel books a thread's time (schedstat), and tells where it may run (Cpus_allowed_list) and where it ran last
(field 39 of stat); it books no time by CPU. So a thread's time between two looks counts as spent on the guest's CPUs
where it was seen there, and as possibly spent there where it was allowed there at either end.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.terminal import Terminal, descendants
from vfiotui.model.cpu.cpuset import format_list, parse_list

LOOK = 0.25
"""Seconds between two looks at our threads."""


class Thread(NamedTuple):
    """One of our threads at one look."""

    ran_ns: int
    cpu: int
    allowed: frozenset[int]


@dataclass
class Shares:
    """Milliseconds of CPU of our threads."""

    all_ms: float = 0.0
    possible_ms: float = 0.0
    """Of threads that were allowed on a guest's CPU."""
    seen_ms: float = 0.0
    """Of threads that were seen on a guest's CPU."""


def look(pid: int) -> dict[int, Thread]:
    """All threads of a process and its children."""
    found = {}
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                allowed = re.search(r"^Cpus_allowed_list:\s*(\S+)", (task / "status").read_text(), re.MULTILINE)
                cpus = parse_list(allowed[1] if allowed else "")
                found[int(task.name)] = Thread(
                    int((task / "schedstat").read_text().split()[0]),
                    int((task / "stat").read_text().rpartition(")")[2].split()[36]),
                    cpus if isinstance(cpus, frozenset) else frozenset(),
                )
    return found


def add(shares: Shares, before: dict[int, Thread], now: dict[int, Thread], guest: frozenset[int]) -> None:
    """Books the time between two looks; a thread that is new is booked with all of it."""
    for tid, thread in now.items():
        last = before.get(tid, Thread(0, thread.cpu, thread.allowed))
        ran = (thread.ran_ns - last.ran_ns) / 1e6
        if ran <= 0:
            continue
        shares.all_ms += ran
        if (thread.allowed | last.allowed) & guest:
            shares.possible_ms += ran
            if thread.cpu in guest or last.cpu in guest:
                shares.seen_ms += ran


def apart(command: Sequence[str], guest: frozenset[int], seconds: float) -> Shares:
    """Runs Live for so many seconds beside a guest that is pinned to these CPUs, and prints where our time went."""
    terminal = Terminal(command, 120, 40, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    shares = Shares()
    try:
        shown, until = b"", time.monotonic() + 60
        while b"off the guests' CPUs" not in shown and time.monotonic() < until:
            shown = (shown + terminal.read(0.2))[-(1 << 20) :]
        until, before = time.monotonic() + seconds, look(terminal.pid)
        with terminal.drained():
            while time.monotonic() < until:
                time.sleep(LOOK)
                now = look(terminal.pid)
                add(shares, before, now, guest)
                before = now
    finally:
        terminal.close()
    print(
        f"\nguest on CPU {format_list(guest)}, {seconds:.0f} s of Live, {len(before)} threads: "
        f"{shares.all_ms:.0f} ms of CPU"
    )
    print(f"  by threads that were allowed on the guest's CPUs: {shares.possible_ms:.1f} ms")
    print(f"  by threads that were seen on the guest's CPUs:    {shares.seen_ms:.1f} ms")
    return shares

"""The demo's live figures: smooth, with dips and spikes, and never real; the status line says DEMO."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from vfiotui.demo.build_guest import stat_line, threads
from vfiotui.demo.build_memory import BUDDY
from vfiotui.demo.description import GuestDesc, Host

Moving = dict[str, Callable[[], bytes]]
TICKS = 100
"""USER_HZ."""


def wave(t: float, seed: int) -> float:
    """A slow wander between 0 and 1."""
    return 0.5 + 0.3 * math.sin(t / 7 + seed) + 0.2 * math.sin(t / 2.3 + seed * 1.7)


def area(t: float, seed: int) -> float:
    """The integral of `wave` from 0 to t: counters of a wandering rate never run backwards."""
    return (
        0.5 * t
        - 0.3 * 7 * (math.cos(t / 7 + seed) - math.cos(seed))
        - 0.2 * 2.3 * (math.cos(t / 2.3 + seed * 1.7) - math.cos(seed * 1.7))
    )


def spikes(t: float, seed: int) -> float:
    """Seconds of delay up to t: 14 ms in one second of every eleven, at moments that differ by seed."""
    period = 11.0
    whole, rest = divmod(t + seed * 2.9, period)
    return 0.014 * (whole + min(rest, 1.0))


def moving_figures(host: Host, clock: Callable[[], float] = time.monotonic) -> Moving:
    """Path → the bytes that it holds at this moment."""
    begin = clock() - 1000.0
    pinned = {cpu for g in host.guests if g.pid for cpu in g.pins}
    found: Moving = {"/proc/stat": lambda: _stat(host, pinned, clock() - begin)}
    for cpu in range(host.cpu.count):
        if cpu in host.cpu.offline:
            continue
        path = f"/sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq"

        def frequency(cpu: int = cpu) -> bytes:
            return b"%d\n" % _khz(host, cpu in pinned, clock() - begin, cpu)

        found[path] = frequency
    for guest in host.guests:
        if guest.pid is not None:
            _threads(found, guest, lambda: clock() - begin)
    found["/proc/buddyinfo"] = lambda: _buddy(host, clock() - begin)
    return found


def _khz(host: Host, busy: bool, t: float, seed: int) -> int:
    top, base = host.cpu.max_khz, host.cpu.base_khz
    return int(top - (top - base) * 0.25 * wave(t, seed)) if busy else int(base * (0.4 + 0.5 * wave(t, seed)))


def _stat(host: Host, pinned: set[int], t: float) -> bytes:
    rows = []
    for cpu in range(host.cpu.count):
        if cpu not in host.cpu.offline:
            busy = (0.7 if cpu in pinned else 0.15) * area(t, cpu)
            rows.append((cpu, int(busy * TICKS), int((t - busy) * TICKS)))
    lines = [f"cpu  {sum(r[1] for r in rows)} 0 0 {sum(r[2] for r in rows)} 0 0 0 0 0 0"]
    lines += [f"cpu{cpu} {busy} 0 0 {idle} 0 0 0 0 0 0" for cpu, busy, idle in rows]
    return "\n".join([*lines, "ctxt 1", "btime 1700000000", ""]).encode()


def _threads(found: Moving, guest: GuestDesc, t: Callable[[], float]) -> None:
    for tid, name, pinned, cpu in threads(guest):
        folder = f"/proc/{guest.pid}/task/{tid}"
        share = 0.8 if name.startswith("CPU") else 0.04

        def schedstat(tid: int = tid, share: float = share) -> bytes:
            now = t()
            delay = area(now, tid) * 0.0004 + spikes(now, tid)
            return b"%d %d %d\n" % (area(now, tid) * share * 1e9, delay * 1e9, now * 900)

        def status(name: str = name, pinned: str = pinned, tid: int = tid) -> bytes:
            forced = int(spikes(t(), tid) * 2000)
            return f"Name:\t{name}\nCpus_allowed_list:\t{pinned}\nnonvoluntary_ctxt_switches:\t{forced}\n".encode()

        def stat(tid: int = tid, name: str = name, cpu: int = cpu) -> bytes:
            return stat_line(tid, name, cpu).encode()

        found[f"{folder}/schedstat"] = schedstat
        found[f"{folder}/status"] = status
        found[f"{folder}/stat"] = stat


def _buddy(host: Host, t: float) -> bytes:
    lines = ["Node 0, zone      DMA 0 0 0 0 0 0 0 0 1 1 2"]
    for node in range(host.nodes):
        free = (int(n * (0.8 + 0.4 * wave(t / 5, order + node))) for order, n in enumerate(BUDDY))
        lines.append(f"Node {node}, zone   Normal {' '.join(map(str, free))}")
    return "\n".join([*lines, ""]).encode()

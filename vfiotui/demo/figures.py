"""The demo's live figures: smooth, with dips and spikes, and never real; the status line says DEMO.

Every figure is a function of the clock alone, and every counter the integral of a rate that is never
negative: two readers agree, and no counter runs backwards.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from vfiotui.demo.build_cpu import CPUS, online
from vfiotui.demo.build_guest import Thread, stat_line, status_text, threads
from vfiotui.demo.build_memory import BUDDY, VMSTAT, buddyinfo
from vfiotui.demo.description import Host

Moving = dict[str, Callable[[], bytes]]
TICKS = 100
"""USER_HZ."""
UP = 1000.0
"""Seconds for which the machine has been counting when it is first looked at."""
GUEST_SHARE, HOST_SHARE = 0.8, 0.15
"""How busy a CPU with a vCPU is at most, and one without."""
SPIKE_PERIOD, SPIKE_SECONDS, SPIKE_DELAY = 11.0, 1.0, 0.014
"""Every so many seconds, for so long, so many seconds of scheduling delay in each."""
LONG_SPIKE = 6
"""One CPU in five has spikes so many times as long: that is the one that is noticed."""
DIP_PERIOD, DIP_SECONDS = 29.0, 2.0


def wave(t: float, seed: int) -> float:
    """A slow wander between 0 and 1."""
    return 0.5 + 0.3 * math.sin(t / 7 + seed) + 0.2 * math.sin(t / 2.3 + seed * 1.7)


def area(t: float, seed: int) -> float:
    """The integral of `wave` from 0 to t."""
    return (
        0.5 * t
        - 0.3 * 7 * (math.cos(t / 7 + seed) - math.cos(seed))
        - 0.2 * 2.3 * (math.cos(t / 2.3 + seed * 1.7) - math.cos(seed * 1.7))
    )


def spikes(t: float, seed: int) -> float:
    """Seconds of scheduling delay up to t; the moments of the spikes differ by seed."""
    whole, rest = divmod(t + seed * 2.9 % SPIKE_PERIOD, SPIKE_PERIOD)
    return spike_delay(seed) * (whole + min(rest / SPIKE_SECONDS, 1.0))


def spike_delay(seed: int) -> float:
    """Seconds of delay in a spike."""
    return SPIKE_DELAY * (1 if seed % 5 else LONG_SPIKE)


def khz(host: Host, busy: bool, t: float, cpu: int) -> int:
    """The frequency of a CPU: a busy one boosts, with a dip now and then; an idle one wanders below its base."""
    top, base = host.cpu.max_khz, host.cpu.base_khz
    if not busy:
        return int(base * (0.4 + 0.5 * wave(t, cpu)))
    dip = 0.45 if (t + cpu * 3.7) % DIP_PERIOD < DIP_SECONDS else 0.0
    return int((top - (top - base) * 0.25 * wave(t, cpu)) * (1 - dip))


def moving_figures(host: Host, clock: Callable[[], float] = time.monotonic) -> Moving:
    """Path → a function that tells the bytes which it holds at this moment."""
    begin = clock() - UP

    def now() -> float:
        return clock() - begin

    pinned = {cpu for g in host.guests if g.pid is not None for cpu in g.pins}
    found: Moving = {
        "/proc/stat": lambda: stat(host, pinned, now()),
        "/proc/buddyinfo": lambda: buddy(host, now()),
        "/proc/vmstat": lambda: vmstat(now()),
    }
    for cpu in online(host.cpu):

        def frequency(cpu: int = cpu) -> bytes:
            return b"%d\n" % khz(host, cpu in pinned, now(), cpu)

        found[f"{CPUS}/cpu{cpu}/cpufreq/scaling_cur_freq"] = frequency
        found[f"{CPUS}/cpufreq/policy{cpu}/scaling_cur_freq"] = frequency
    for guest in host.guests:
        if guest.pid is not None:
            for thread in threads(guest):
                _thread(found, guest.pid, thread, now)
    return found


def stat(host: Host, pinned: set[int], t: float) -> bytes:
    """/proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice of every CPU."""
    rows = []
    for cpu in online(host.cpu):
        busy = (GUEST_SHARE if cpu in pinned else HOST_SHARE) * area(t, cpu)
        busy += spikes(t, cpu) if cpu in pinned else 0.0
        rows.append((cpu, int(busy * TICKS), int((t - busy) * TICKS)))
    lines = [f"cpu  {sum(r[1] for r in rows)} 0 0 {sum(r[2] for r in rows)} 0 0 0 0 0 0"]
    lines += [f"cpu{cpu} {busy} 0 0 {idle} 0 0 0 0 0 0" for cpu, busy, idle in rows]
    return "\n".join([*lines, f"ctxt {int(t * 9000)}", "btime 1700000000", ""]).encode()


def buddy(host: Host, t: float) -> bytes:
    """/proc/buddyinfo, drifting by a fifth."""

    def normal(node: int, order: int) -> int:
        return int(BUDDY[order] * (0.8 + 0.4 * wave(t / 5, order + 7 * node)))

    return (buddyinfo(host, normal) + "\n").encode()


def vmstat(t: float) -> bytes:
    """/proc/vmstat; all of it counts, and what is part of another figure stays so."""
    return "".join(f"{n} {v + int(v * t / 20_000)}\n" for n, v in VMSTAT.items()).encode()


def _thread(found: Moving, pid: int, thread: Thread, now: Callable[[], float]) -> None:
    # A vCPU is what makes its CPU busy, so both follow one wave.
    share, seed = (GUEST_SHARE * 0.96, thread.cpus[0]) if thread.is_vcpu else (0.04, thread.tid)

    def ran(t: float) -> float:
        return share * area(t, seed)

    def schedstat() -> bytes:
        t = now()
        delay = 0.0004 * area(t, seed) + (spikes(t, seed) if thread.is_vcpu else 0.0)
        return b"%d %d %d\n" % (ran(t) * 1e9, delay * 1e9, (t + area(t, seed)) * 450)

    def status() -> bytes:
        t = now()
        forced = spikes(t, seed) * 2000 if thread.is_vcpu else t
        return status_text(thread, pid, (int(t * 800), int(forced)))

    def stat_now() -> bytes:
        t = now()
        return stat_line(thread.tid, pid, thread.name, thread.cpus[int(t / 3) % len(thread.cpus)], int(ran(t) * TICKS))

    folder = f"/proc/{pid}/task/{thread.tid}"
    found[f"{folder}/schedstat"] = schedstat
    found[f"{folder}/status"] = status
    found[f"{folder}/stat"] = stat_now

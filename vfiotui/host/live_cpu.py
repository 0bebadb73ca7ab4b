"""Host CPUs at this moment: frequency and load, from files that stay open.

Frequency: scaling_cur_freq, else "cpu MHz". Both come from the scheduler tick on x86, which a nohz_full CPU
does not take: it shows its base frequency there, so nothing is said of it (arch/x86/kernel/cpu/aperfmperf.c).
"""

from __future__ import annotations

import re
import time

from vfiotui.host.cpu import CPUS, cpu_list, numbered
from vfiotui.host.root import KeptFile, Root
from vfiotui.model.live import CpuMoment
from vfiotui.model.reading import Counter, Reading, Unread, Why, or_else, rate

MHZ = re.compile(rb"^processor\s*:\s*(\d+)$|^cpu MHz\s*:\s*([\d.]+)$", re.MULTILINE)
TICKS = 100
"""USER_HZ: /proc/stat counts hundredths of a second on every Linux architecture that libvirt runs on."""
NO_FREQUENCY = Unread("this CPU shows no frequency", Why.ABSENT)
NOHZ = Unread("not measurable on nohz_full", Why.NOT_HERE)
DAMAGED = Unread("is no number", Why.DAMAGED)


class CpuReader:
    """Reads all online CPUs; keeps the last counters, because a load is a difference."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._stat = root.keep_open("/proc/stat")
        self._info: KeptFile | None = None
        self._frequencies: dict[int, KeptFile] = {}
        self._before: dict[int, Counter] = {}
        self._nohz = or_else(cpu_list(root, f"{CPUS}/nohz_full"), frozenset())
        for cpu in numbered(root.names(CPUS), "cpu"):
            path = f"{CPUS}/cpu{cpu}/cpufreq/scaling_cur_freq"
            if root.exists(path) is True:
                self._frequencies[cpu] = root.keep_open(path)
        if not self._frequencies:
            self._info = root.keep_open("/proc/cpuinfo")

    def read(self) -> Reading[tuple[CpuMoment, ...]]:
        """Every CPU that /proc/stat lists, in order."""
        data = self._stat.read()
        at = time.monotonic()
        if isinstance(data, Unread):
            return data
        megahertz = self._from_info()
        found = []
        for line in data.split(b"\n"):
            words = line.split()
            if not words or not words[0].startswith(b"cpu") or not words[0][3:].isdigit() or len(words[0]) > 9:
                continue
            cpu = int(words[0][3:])
            now = self._busy(words, at)
            found.append(CpuMoment(cpu, self._mhz(cpu, megahertz), _share(rate(self._before.get(cpu), now))))
            if isinstance(now, Counter):
                self._before[cpu] = now
        return tuple(found) if found else Unread("lists no CPU", Why.DAMAGED, "/proc/stat")

    def _busy(self, words: list[bytes], at: float) -> Reading[Counter]:
        """Ticks that were not idle: user, nice, system, irq, softirq, steal; guest time is inside user."""
        if len(words) < 5 or not all(w.isdigit() and len(w) < 20 for w in words[1:]):
            return DAMAGED
        numbers = [int(w) for w in words[1:9]]
        return Counter(at, sum(numbers) - sum(numbers[3:5]))

    def _mhz(self, cpu: int, info: dict[int, float]) -> Reading[float]:
        if cpu in self._nohz:
            return NOHZ
        kept = self._frequencies.get(cpu)
        if kept is None:
            return info.get(cpu, NO_FREQUENCY)
        data = kept.read(64)
        if isinstance(data, Unread):
            return data
        text = data.strip()
        return int(text) / 1000 if text.isdigit() and len(text) < 12 else DAMAGED

    def _from_info(self) -> dict[int, float]:
        """CPU → MHz of /proc/cpuinfo, where the CPUs show no files of their own."""
        data = None if self._info is None else self._info.read(1 << 22)
        if not isinstance(data, bytes):
            return {}
        found: dict[int, float] = {}
        cpu = -1
        for match in MHZ.finditer(data):
            if match[1]:
                cpu = int(match[1]) if len(match[1]) < 8 else -1
            elif cpu >= 0 and match[2].count(b".") <= 1 and match[2] != b".":
                found[cpu] = float(match[2])
        return found

    def close(self) -> None:
        """Lets all files go."""
        for kept in (self._stat, *self._frequencies.values()):
            kept.close()
        if self._info is not None:
            self._info.close()


def _share(ticks: Reading[float]) -> Reading[float]:
    return ticks if isinstance(ticks, Unread) else min(ticks / TICKS, 1.0)

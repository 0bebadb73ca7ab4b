"""Host CPUs at this moment: frequency and ticks, from files that stay open.

Frequency: scaling_cur_freq, else "cpu MHz". Both come from the scheduler tick on x86, which a nohz_full CPU
does not take: it shows its base frequency there, so nothing is said of it (arch/x86/kernel/cpu/aperfmperf.c).
"""

from __future__ import annotations

import re
import time

from vfiotui.host.root.root import KeptFile, Root
from vfiotui.host.root.sysfs_index import CPUS, cpu_list, numbered
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.live.sample import CpuCount

MHZ = re.compile(rb"^processor\s*:\s*(\d+)$|^cpu MHz\s*:\s*([\d.]+)$", re.MULTILINE)
NO_FREQUENCY = Unread("this CPU shows no frequency", Why.ABSENT)
NOHZ = Unread("not measurable on nohz_full", Why.NOT_HERE)
DAMAGED = Unread("is no number", Why.DAMAGED)
INFO_SHARE = 0.0001
"""Share of a CPU that /proc/cpuinfo may cost: on a large machine, or many times a second, it is read less often."""
CONSTANT, MOST_PATIENCE = 10, 5.0
"""Readings after which the frequencies of /proc/cpuinfo count as constant, as a virtual machine shows them; seconds
until they are refresh then."""
ROOM = 1 << 20
"""Bytes of /proc/stat that are read: 8192 CPUs and their interrupts."""
LATE_READINGS = 5
"""Readings in which a new CPU's frequency is looked for: the kernel shows it a moment after the CPU itself."""


class CpuReader:
    """Reads all online CPUs; what has not changed since the last reading is not parsed again."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._stat = root.keep_open("/proc/stat")
        self._info: KeptFile | None = None
        self._info_due = 0.0
        self._info_raw: Reading[bytes] = b""
        self._info_same = 0
        """How often /proc/cpuinfo has told nothing new."""
        self._megahertz: dict[int, float] = {}
        self._frequencies: dict[int, KeptFile] = {}
        self._lines: dict[bytes, tuple[bytes, CpuCount]] = {}
        self._lines_read = False
        self._raw_mhz: dict[int, tuple[bytes, Reading[float]]] = {}
        self._nohz = or_else(cpu_list(root, f"{CPUS}/nohz_full"), frozenset())
        self._late: dict[int, int] = {}
        """CPUs that came later and show no frequency yet → in how many readings more it is looked for."""
        for cpu in numbered(root.names(CPUS), "cpu"):
            self._find_frequency(cpu)
        if not self._frequencies:
            self._info = root.keep_open("/proc/cpuinfo")

    def _find_frequency(self, cpu: int) -> bool:
        path = f"{CPUS}/cpu{cpu}/cpufreq/scaling_cur_freq"
        if self._root.exists(path) is not True:
            return False
        self._frequencies[cpu] = self._root.keep_open(path)
        return True

    def _find_late(self) -> None:
        self._late = {c: n - 1 for c, n in self._late.items() if n and not self._find_frequency(c)}

    def read(self) -> Reading[tuple[CpuCount, ...]]:
        """Every CPU that /proc/stat lists, in order."""
        data = self._stat.read(ROOM)
        if isinstance(data, Unread):
            return data
        self._read_info()
        if self._late:
            self._find_late()
        end = data.find(b"\nintr")
        found: list[CpuCount] = []
        lines = self._lines
        for line in data[: end if end >= 0 else len(data)].split(b"\n"):
            name, _, _ = line.partition(b" ")
            last = lines.get(name)
            if last is not None and last[0] == line:
                count = last[1]
                mhz = self._mhz(count.cpu)
                if mhz != count.mhz:
                    count = count._replace(mhz=mhz)
                    lines[name] = (line, count)
            else:
                number = name[3:]
                if not name.startswith(b"cpu") or not number.isdigit() or len(name) > 9:
                    continue
                cpu = int(number)
                if last is None and self._lines_read and cpu not in self._frequencies and not self._find_frequency(cpu):
                    self._late[cpu] = LATE_READINGS
                count = CpuCount(cpu, self._mhz(cpu), *_times(line.split()))
                lines[name] = (line, count)
            found.append(count)
        self._lines_read = True
        return tuple(found) if found else Unread("lists no CPU", Why.DAMAGED, "/proc/stat")

    def _mhz(self, cpu: int) -> Reading[float]:
        if cpu in self._nohz:
            return NOHZ
        kept = self._frequencies.get(cpu)
        if kept is None:
            return self._megahertz.get(cpu, NO_FREQUENCY)
        data = kept.read(64)
        if isinstance(data, Unread):
            return data
        last = self._raw_mhz.get(cpu)
        if last is not None and last[0] == data:
            return last[1]
        text = data.strip()
        mhz: Reading[float] = int(text) / 1000 if text.isdigit() and len(text) < 12 else DAMAGED
        self._raw_mhz[cpu] = (data, mhz)
        return mhz

    def _read_info(self) -> None:
        """CPU → MHz of /proc/cpuinfo, where the CPUs show no files of their own."""
        began = time.monotonic()
        if self._info is None or began < self._info_due:
            return
        data = self._info.read(1 << 22)
        if data == self._info_raw:
            self._info_same += 1
        else:
            self._info_raw, self._info_same, self._megahertz = data, 0, _megahertz(data)
        patience = MOST_PATIENCE if self._info_same > CONSTANT else 0.0
        self._info_due = began + max((time.monotonic() - began) / INFO_SHARE, patience)

    def close(self) -> None:
        """Lets all files go."""
        for kept in (self._stat, *self._frequencies.values()):
            kept.close()
        if self._info is not None:
            self._info.close()


def _megahertz(data: Reading[bytes]) -> dict[int, float]:
    """CPU → MHz of a /proc/cpuinfo."""
    found: dict[int, float] = {}
    cpu = -1
    for match in MHZ.finditer(data) if isinstance(data, bytes) else ():
        if match[1]:
            cpu = int(match[1]) if len(match[1]) < 8 else -1
        elif cpu >= 0 and match[2].count(b".") <= 1 and match[2] != b".":
            found[cpu] = float(match[2])
    return found


def _times(words: list[bytes]) -> tuple[Reading[int], Reading[int]]:
    """Ticks in which a CPU worked: user, nice, system, irq, softirq (guest time is inside user); and those in which the
    hypervisor below this host ran something else on it (steal)."""
    if len(words) < 5 or not all(w.isdigit() and len(w) < 20 for w in words[1:]):
        return DAMAGED, DAMAGED
    numbers = [int(w) for w in words[1:9]]
    steal = numbers[7] if len(numbers) > 7 else 0
    return sum(numbers) - sum(numbers[3:5]) - steal, steal

"""Which CPUs of a hybrid machine are fast and which are slow.

The kernel's own word is the lists of the performance units (cpu_core, cpu_atom, cpu_lowpower;
tools/perf/Documentation/intel-hybrid.txt). Without them: cpu_capacity on ARM, else the base frequency,
else a level 2 cache that several single-thread cores share. The maximum frequency does not tell:
favoured cores of one kind differ by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.host.cpu_info import CpuInfo
from vfiotui.host.root import Root
from vfiotui.model.cpuset import parse_list
from vfiotui.model.reading import Unread, or_else
from vfiotui.model.topology import Cpu
from vfiotui.model.value import dataclass, field

UNITS = (("cpu_lowpower", "LP-E"), ("cpu_atom", "E"), ("cpu_core", "P"))
"""Performance monitoring units from slow to fast."""
NODES = ("/sys/bus/event_source/devices", "/sys/devices")
CPUS = "/sys/devices/system/cpu"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Rank (0 is slowest) and name by CPU; empty where all cores are alike."""

    rank: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def find_kinds(root: Root, cpus: Sequence[Cpu], info: CpuInfo) -> Kinds:
    """The kinds of cores by the best witness that the tree holds."""
    online = [c for c in cpus if c.online]
    found = _by_units(root, online) or _by_capacity(root, online)
    if not found and "GenuineIntel" in str(info.vendor):
        found = _by_base_frequency(online) or _by_shared_l2(online)
    if not found or len(set(found.values())) < 2:
        return Kinds()
    order = {value: rank for rank, value in enumerate(sorted(set(found.values())))}
    ranks = {cpu: order[value] for cpu, value in found.items()}
    return Kinds(ranks, _names(online, ranks))


def _by_units(root: Root, online: Sequence[Cpu]) -> dict[int, int]:
    found: dict[int, int] = {}
    for rank, (unit, _) in enumerate(UNITS):
        for folder in NODES:
            text = root.text(f"{folder}/{unit}/cpus", 1 << 16)
            cpus = frozenset() if isinstance(text, Unread) else or_else(parse_list(text), frozenset())
            found.update(dict.fromkeys(cpus, rank))
    return found if {c.cpu for c in online} <= found.keys() else {}


def _by_capacity(root: Root, online: Sequence[Cpu]) -> dict[int, int]:
    """cpu_capacity, the scheduler's own measure on ARM (ABI/testing/sysfs-devices-system-cpu)."""
    found: dict[int, int] = {}
    for cpu in online:
        capacity = root.integer(f"{CPUS}/cpu{cpu.cpu}/cpu_capacity")
        if isinstance(capacity, Unread):
            return {}
        found[cpu.cpu] = capacity
    return found


def _by_base_frequency(online: Sequence[Cpu]) -> dict[int, int]:
    bases = {c.cpu: c.base_khz for c in online}
    known = {cpu: base for cpu, base in bases.items() if isinstance(base, int)}
    return known if len(known) == len(bases) and 1 < len(set(known.values())) <= 3 else {}


def _by_shared_l2(online: Sequence[Cpu]) -> dict[int, int]:
    """Efficient cores have no SMT and share a level 2 cache by four; fast ones own theirs."""
    found: dict[int, int] = {}
    for cpu in online:
        level2 = cpu.shared(2)
        if level2 is None or isinstance(cpu.siblings, Unread):
            return {}
        found[cpu.cpu] = 0 if len(cpu.siblings) == 1 and len(level2) > 1 else 1
    smt = any(not isinstance(c.siblings, Unread) and len(c.siblings) > 1 for c in online)
    return found if smt else {}


def _names(online: Sequence[Cpu], ranks: dict[int, int]) -> dict[int, str]:
    """P, E and LP-E as Intel calls them; two kinds are E and P."""
    top = max(ranks.values())
    words = {0: "E", top: "P"} if top == 1 else {0: "LP-E", top: "P"}
    return {c.cpu: words.get(ranks[c.cpu], "E") for c in online if c.cpu in ranks}

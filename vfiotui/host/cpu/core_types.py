"""Which CPUs of a hybrid machine are fast and which are slow.

The kernel's own word is the lists of the performance units (cpu_core, cpu_atom, cpu_lowpower;
tools/perf/Documentation/intel-hybrid.txt). ARM and RISC-V name each core's design: MIDR_EL1, or the lines of
/proc/cpuinfo; where those are not shown, cpu_capacity in steps. Without all of these an Intel core is slow that has one
thread and shares its level 2 cache with others, where cores with two threads, or with a higher frequency, do not.

Frequencies alone do not tell: favoured cores of one kind differ by their maximum, and cores of one kind by their base
frequency where Speed Select is on (admin-guide/pm/intel-speed-select.rst).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from vfiotui.host.cpu.cpuinfo import CpuInfo
from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import CPUS, cpu_list
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.cpu.topology import Cpu

UNITS = (("cpu_lowpower", "LP-E"), ("cpu_atom", "E"), ("cpu_core", "P"))
"""Performance monitoring units from slow to fast."""
NODES = ("/sys/bus/event_source/devices", "/sys/devices")
STEP = 0.9
"""Capacities, and frequencies, whose ratio is lower belong to different kinds of cores."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Rank (0 is slowest) and name by CPU; empty where all cores are alike."""

    rank: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    missing: Unread | None = None
    """What could not be read, where it is unknown whether all cores are alike."""


def find_kinds(root: Root, cpus: Sequence[Cpu], info: CpuInfo) -> Kinds:
    """The kinds of cores by the best witness that the tree holds."""
    online = [c for c in cpus if c.online]
    units = _by_units(root, online)
    found: Reading[Mapping[int, int]] = units
    if isinstance(units, Unread) or not units:
        found = _by_design(root, online, info)
    if not isinstance(found, Unread) and not found:
        found = _by_capacity(root, online)
    if not isinstance(found, Unread) and not found and "GenuineIntel" in str(info.vendor):
        found = _by_structure(online)
    if isinstance(found, Unread):
        return Kinds(missing=found)
    if not found:
        shown = units if isinstance(units, Unread) else root.names(CPUS)
        return Kinds(missing=shown) if isinstance(shown, Unread) else Kinds()
    if len(set(found.values())) < 2:
        return Kinds()
    order = {value: rank for rank, value in enumerate(sorted(set(found.values())))}
    ranks = {cpu: order[value] for cpu, value in found.items()}
    return Kinds(ranks, _names(online, ranks))


def _by_units(root: Root, online: Sequence[Cpu]) -> Reading[Mapping[int, int]]:
    """Empty where there are no such units; Unread where there are some that do not cover all CPUs."""
    found: dict[int, int] = {}
    missing: Unread | None = None
    for rank, (unit, _) in enumerate(UNITS):
        for folder in NODES:
            cpus = cpu_list(root, f"{folder}/{unit}/cpus")
            if isinstance(cpus, Unread):
                gone = cpus.why is Why.ABSENT and root.exists(f"{folder}/{unit}") is False
                missing = missing if gone else cpus
            else:
                found.update(dict.fromkeys(cpus, rank))
    if {c.cpu for c in online} <= found.keys():
        return found
    if found:
        return missing or Unread("lists not all CPUs that run", Why.DAMAGED, f"{NODES[0]}/cpu_core/cpus")
    return missing or {}


def _by_design(root: Root, online: Sequence[Cpu], info: CpuInfo) -> Reading[Mapping[int, int]]:
    """The designs of all cores, ranked by the capacity or the frequency of their fastest one; empty where none is
    shown. One design is one kind, at whatever frequencies its cores run."""
    designs: dict[int, Hashable] = {c.cpu: _design(root, c.cpu, info) for c in online}
    if not all(designs.values()):
        return {}
    kinds = set(designs.values())
    if len(kinds) == 1:
        return dict.fromkeys(designs, 0)
    for speed in (_capacities(root, online), _top_speeds(online)):
        if len(speed) == len(online):
            best = {kind: max(speed[c] for c in speed if designs[c] == kind) for kind in kinds}
            return {cpu: best[designs[cpu]] for cpu in designs}
    return Unread(
        "holds several kinds of cores, and which are fast is not shown", Why.ABSENT, f"{CPUS}/cpu0/cpu_capacity"
    )


def _design(root: Root, cpu: int, info: CpuInfo) -> Hashable:
    """Implementer and part of a core (ABI/testing/sysfs-devices-system-cpu, regs/identification); None if not shown."""
    register = root.integer(f"{CPUS}/cpu{cpu}/regs/identification/midr_el1")
    if isinstance(register, int) and register > 0:
        return register >> 24 & 0xFF, register >> 4 & 0xFFF
    block = info.blocks.get(cpu, {})
    if block.get("CPU implementer") and block.get("CPU part"):
        return block["CPU implementer"], block["CPU part"]
    return block.get("uarch") or None


def _capacities(root: Root, online: Sequence[Cpu]) -> dict[int, int]:
    """cpu_capacity of those CPUs that show it: 1024 is the fastest (ABI/testing/sysfs-devices-system-cpu)."""
    read = {c.cpu: root.integer(f"{CPUS}/cpu{c.cpu}/cpu_capacity") for c in online}
    return {cpu: capacity for cpu, capacity in read.items() if isinstance(capacity, int) and 0 < capacity <= 1024}


def _top_speeds(online: Sequence[Cpu]) -> dict[int, int]:
    return {c.cpu: c.max_khz for c in online if isinstance(c.max_khz, int) and c.max_khz > 0}


def _by_capacity(root: Root, online: Sequence[Cpu]) -> Mapping[int, int]:
    found = _capacities(root, online)
    return stepped(found) if len(found) == len(online) else {}


def stepped(values: Mapping[int, int]) -> dict[int, int]:
    """The step on which each value lies, 0 the lowest; values of one step differ by less than a tenth.

    >>> stepped({0: 718, 1: 731, 2: 1017, 3: 1024})
    {0: 0, 1: 0, 2: 1, 3: 1}
    """
    steps: dict[int, int] = {}
    before, step = 0, 0
    for value in sorted(set(values.values())):
        step += bool(before) and before < STEP * value
        steps[value], before = step, value
    return {key: steps[value] for key, value in values.items()}


def _by_structure(online: Sequence[Cpu]) -> Mapping[int, int]:
    """Efficient cores have no SMT and share a level 2 cache by four; fast ones own theirs.

    A core whose neighbours are switched off looks like one that owns its cache: so SMT, or a frequency, must agree.
    """
    found: dict[int, int] = {}
    threads: dict[int, int] = {}
    for cpu in online:
        level2 = cpu.shared(2)
        if level2 is None or isinstance(cpu.siblings, Unread):
            return {}
        threads[cpu.cpu] = len(cpu.siblings)
        found[cpu.cpu] = 0 if len(cpu.siblings) == 1 and len(level2) > 1 else 1
    fast = [cpu for cpu, rank in found.items() if rank]
    slow = [cpu for cpu, rank in found.items() if not rank]
    if not fast or not slow:
        return {}
    speeds = _top_speeds(online)
    by_speed = len(speeds) == len(online) and max(speeds[c] for c in slow) < STEP * min(speeds[c] for c in fast)
    return found if by_speed or any(threads[c] > 1 for c in fast) else {}


def _names(online: Sequence[Cpu], ranks: Mapping[int, int]) -> dict[int, str]:
    """P, E and LP-E as Intel calls them; two kinds are E and P."""
    top = max(ranks.values())
    words = {0: "E", top: "P"} if top == 1 else {0: "LP-E", top: "P"}
    return {c.cpu: words.get(ranks[c.cpu], "E") for c in online if c.cpu in ranks}

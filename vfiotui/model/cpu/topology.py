"""The processors of a host as the kernel sees them, keyed by CPU number, which may have gaps."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, if_absent
from vfiotui.model.base.value import dataclass, field

CpuSet = frozenset[int]


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache of one CPU, with the CPUs that share it."""

    level: int
    kind: str
    """"Data", "Instruction" or "Unified", as sysfs spells it."""
    cpus: Reading[CpuSet]
    size: Reading[int]
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """One logical CPU that is present."""

    cpu: int
    online: bool
    siblings: Reading[CpuSet]
    """The CPUs of the same core, itself among them (core_cpus_list)."""
    package_cpus: Reading[CpuSet]
    die_cpus: Reading[CpuSet]
    cluster_cpus: Reading[CpuSet]
    package: Reading[int]
    """physical_package_id."""
    die: Reading[int]
    core: Reading[int]
    """core_id: unique inside its package and die only."""
    caches: tuple[Cache, ...] = ()
    nodes: Reading[CpuSet] = frozenset()
    """NUMA nodes that list this CPU; usually one."""
    kind: Reading[int | None] = None
    """0 for the slowest kind of core of a hybrid machine, higher for faster; None where all are alike."""
    kind_name: str = ""
    """"P", "E", "LP-E", or "" where all are alike."""
    max_khz: Reading[int] = Unread("not read")
    base_khz: Reading[int] = Unread("not read")
    isolated: bool = False
    nohz_full: bool = False

    def shared(self, level: int) -> CpuSet | None:
        """The CPUs that share this CPU's data cache of a level, or None where it has none or it is unknown."""
        for cache in self.caches:
            if cache.level == level and cache.kind != "Instruction" and not isinstance(cache.cpus, Unread):
                return cache.cpus
        return None

    def cache_size(self, level: int) -> Reading[int]:
        """The size in bytes of this CPU's data cache of a level."""
        for cache in self.caches:
            if cache.level == level and cache.kind != "Instruction":
                return cache.size
        return Unread(f"no level {level} cache is described")


@dataclass(frozen=True, slots=True)
class Node:
    """One NUMA node, perhaps without CPUs."""

    node: int
    cpus: Reading[CpuSet]
    memory_kib: Reading[int]
    distances: Reading[tuple[int, ...]]
    """Relative distances to the online nodes in their order; 10 is itself."""


@dataclass(frozen=True, slots=True)
class Topology:
    """All processors of a host and what restricts them."""

    cpus: tuple[Cpu, ...]
    """In order of their numbers; offline ones included."""
    nodes: tuple[Node, ...]
    vendor: Reading[str]
    """vendor_id of /proc/cpuinfo: "GenuineIntel", "AuthenticAMD", …"""
    model: Reading[str]
    flags: Reading[frozenset[str]]
    physical_bits: Reading[int]
    """Physical address bits of the CPU."""
    online: Reading[CpuSet]
    possible: Reading[CpuSet]
    isolated: Reading[CpuSet]
    nohz_full: Reading[CpuSet]
    smt: Reading[str]
    """smt/control: on, off, forceoff, notsupported, notimplemented."""
    guest_cpus: Reading[CpuSet] = Unread("not read")
    """CPUs that the control group of guests allows (machine.slice, cpuset.cpus.effective)."""
    by_number: dict[int, Cpu] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.by_number.update({c.cpu: c for c in self.cpus})

    @property
    def online_cpus(self) -> tuple[Cpu, ...]:
        """The CPUs that run."""
        return tuple(c for c in self.cpus if c.online)

    @property
    def isolated_cpus(self) -> Reading[CpuSet]:
        """CPUs of isolcpus= and nohz_full=. A kernel without nohz_full shows no file for it."""
        if isinstance(self.isolated, Unread):
            return self.isolated
        full = if_absent(self.nohz_full, frozenset[int]())
        return full if isinstance(full, Unread) else self.isolated | full

    @property
    def hybrid(self) -> bool:
        """Whether there is more than one kind of core."""
        return len({c.kind for c in self.cpus if isinstance(c.kind, int)}) > 1

"""A host's CPUs as they are wired: cores, and the level 3 domains that they lie in."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.topology import Cpu, CpuSet, Topology


@dataclass(frozen=True, slots=True)
class Core:
    """One core with the CPUs of it that run."""

    cpus: tuple[int, ...]
    """In order of their numbers."""
    domain: int
    """Number of its level 3 domain, counted as `domains_of` does."""
    node: int | None
    package: int | None
    kind: int | None
    """0 for the slowest kind of a hybrid machine; None where all are alike."""
    kind_name: str
    isolated: bool
    """Whether any of its CPUs is isolated."""
    max_khz: Reading[int]

    @property
    def first(self) -> int:
        """Its lowest CPU."""
        return self.cpus[0]


@dataclass(frozen=True, slots=True)
class CacheDomain:
    """Cores that share a level 3 cache; where none is shown, those of a package without one."""

    number: int
    size: Reading[int]
    """Bytes."""
    cores: tuple[Core, ...]

    @property
    def cpus(self) -> CpuSet:
        """All its CPUs that run."""
        return frozenset(c for core in self.cores for c in core.cpus)

    @property
    def nodes(self) -> tuple[int, ...]:
        """The NUMA nodes of its cores."""
        return tuple(sorted({c.node for c in self.cores if c.node is not None}))


def siblings_of(cpu: Cpu, online: CpuSet) -> tuple[int, ...]:
    """The CPUs of a core that run, itself among them."""
    return tuple(sorted((or_else(cpu.siblings, frozenset()) | {cpu.cpu}) & (online | {cpu.cpu})))


def domains_of(topology: Topology) -> tuple[CacheDomain, ...]:
    """The level 3 domains in order of package and first CPU; CPUs that do not run are left out."""
    online = frozenset(c.cpu for c in topology.online_cpus)
    groups: dict[tuple[int, object], list[Cpu]] = {}
    for cpu in topology.online_cpus:
        package = or_else(cpu.package, -1)
        shared = cpu.shared(3)
        key: object = min(shared & online, default=cpu.cpu) if shared else "without"
        groups.setdefault((package, key), []).append(cpu)
    ordered = sorted(groups.values(), key=lambda cpus: (or_else(cpus[0].package, -1), cpus[0].cpu))
    return tuple(_domain(number, cpus, online) for number, cpus in enumerate(ordered))


def _domain(number: int, cpus: list[Cpu], online: CpuSet) -> CacheDomain:
    done: set[int] = set()
    cores = []
    by_number = {c.cpu: c for c in cpus}
    for cpu in cpus:
        if cpu.cpu in done:
            continue
        members = tuple(s for s in siblings_of(cpu, online) if s in by_number and s not in done)
        done.update(members)
        cores.append(_core(cpu, members, number, [by_number[m] for m in members]))
    return CacheDomain(number, cpus[0].cache_size(3), tuple(cores))


def _core(cpu: Cpu, members: tuple[int, ...], domain: int, cpus: list[Cpu]) -> Core:
    return Core(
        cpus=members,
        domain=domain,
        node=min(or_else(cpu.nodes, frozenset()), default=None),
        package=or_else(cpu.package, None),
        kind=or_else(cpu.kind, None),
        kind_name=cpu.kind_name,
        isolated=any(c.isolated for c in cpus),
        max_khz=max((c.max_khz for c in cpus if isinstance(c.max_khz, int)), default=Unread("is not shown")),
    )


def cores_in(domains: Iterable[CacheDomain]) -> tuple[Core, ...]:
    """All cores of some domains."""
    return tuple(core for domain in domains for core in domain.cores)

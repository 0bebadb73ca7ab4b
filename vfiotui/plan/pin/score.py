"""A pinning's score: a sum of parts that anyone can work out again from the topology and the pins.

| part     | of | points                                                                              |
|----------|----|-------------------------------------------------------------------------------------|
| cache    | 25 | fewest L3 domains that could hold the guest's cores and nodes, divided by those it uses |
| near     | 20 | share of the guest's CPUs on the device's node; with no device, of its largest node |
| cores    | 15 | share of the guest's cores without other work, siblings in the guest's own order     |
| prefer   | 10 | where its L3 (or highest frequency) lies between the host's least and greatest       |
| host     | 10 | cores left to the host of those it should keep; 0 where CPU 0's core is taken        |
| threads  |  7 | 4 emulator and iothreads pinned apart from vCPUs and isolated CPUs, 3 on their node  |
| kind     |  5 | one kind of core: its rank among the kinds; 0 where kinds are mixed                  |
| isolated |  5 | share of the guest's CPUs that are isolated; 5 where the host isolates none          |
| quiet    |  3 | share of its L3 domains that the host's first core does not use; 3 where all share one |
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cores import Core
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Pinning
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.plan.pin.placement_context import PlacementContext, bound_in


class Prefer(StrEnum):
    """What a guest likes best."""

    CACHE = "cache"
    FREQUENCY = "frequency"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score."""

    name: str
    points: float
    of: int
    words: str
    """Why, as a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Score:
    """All parts; they make 100 at most."""

    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """The rounded sum."""
        return round(sum(p.points for p in self.parts))


def score(pinning: Pinning, context: PlacementContext, *, prefer: Prefer = Prefer.CACHE, host_cores: int = 1) -> Score:
    """The score of a pinning; a guest without pins has none of the points that pins bring."""
    pinning = bound_in(pinning, context)
    cpus = pinning.guest_cpus & context.by_cpu.keys()
    cores = tuple({context.by_cpu[c].first: context.by_cpu[c] for c in sorted(cpus)}.values())
    if not cores:
        return Score((Part("cache", 0, 100, "no vCPU is pinned to a CPU that runs"),))
    return Score(
        (
            _cache(cores, context, len(pinning.cells)),
            _near(cpus, context),
            _cores(pinning, cores, context),
            _prefer(cores, context, prefer),
            _host(cpus, context, host_cores),
            _threads(pinning, cpus, context),
            _kind(cores, context),
            _isolated(cpus, context),
            _quiet(cores, context),
        )
    )


def fewest_domains(count: int, sizes: Iterable[int]) -> int:
    """How many level 3 domains so many cores need at least, the largest first."""
    needed = 0
    for size in sorted(sizes, reverse=True):
        if count <= 0:
            break
        count -= size
        needed += 1
    return max(needed, 1)


def _cache(cores: tuple[Core, ...], context: PlacementContext, cells: int) -> Part:
    used = {c.domain for c in cores}
    # Each NUMA node that the guest sees has a level 3 cache of its own at least.
    needed = max(fewest_domains(len(cores), [len(d.cores) for d in context.domains]), min(cells, len(used)))
    sizes = {d.size >> 20 for d in context.domains if d.number in used and isinstance(d.size, int)}
    size = f" of {sizes.pop()} MiB" if len(sizes) == 1 else ""
    if len(used) == 1 and not size:
        words = f"all vCPUs lie together (#{min(used)}), though no L3 cache is shown there"
    elif len(used) == 1:
        words = f"all vCPUs share one L3 cache{size} (#{min(used)})"
    else:
        least = f"; they would fit in {needed}" if needed < len(used) else ", and they fit in no fewer"
        words = f"the vCPUs lie on {len(used)} L3 caches{least}"
    return Part("cache", 25 * min(1, needed / len(used)), 25, words)


def _near(cpus: CpuSet, context: PlacementContext) -> Part:
    if len(context.nodes) < 2:
        return Part("near", 20, 20, "the host has one NUMA node")
    by_node: dict[int | None, int] = {}
    for cpu in cpus:
        node = context.by_cpu[cpu].node
        by_node[node] = by_node.get(node, 0) + 1
    if context.near:
        here = sum(n for node, n in by_node.items() if node in context.near)
        where = f"node {format_list(context.near)}, the device's own"
    else:
        here = max(by_node.values())
        where = f"node {max(by_node, key=lambda n: by_node[n])}"
    words = f"all CPUs are on {where}" if here == len(cpus) else f"{here} of {len(cpus)} CPUs are on {where}"
    return Part("near", 20 * here / len(cpus), 20, words)


def _cores(pinning: Pinning, cores: tuple[Core, ...], context: PlacementContext) -> Part:
    own = sorted(min(cpus) for cpus in pinning.vcpus.values() if len(cpus) == 1)
    doubled = {a for a, b in pairwise(own) if a == b}
    if doubled:
        return Part("cores", 0, 15, f"several vCPUs share CPU {format_list(doubled)}")
    other = set(context.taken) | set(context.busy)
    other |= {c for name in pinning.helpers for c in pinning.where(name) or ()}
    ours = pinning.guest_cpus
    torn = set(torn_cores(pinning, context))
    good = [c for c in cores if not (set(c.cpus) - ours) & other and not set(c.cpus) & ours & other]
    whole = [c for c in good if c.first not in torn]
    if len(whole) == len(cores):
        words = "whole cores: nothing else runs beside a vCPU"
    elif torn:
        words = f"SMT siblings are torn apart on {len(torn)} of {len(cores)} cores"
    else:
        words = f"other work shares {len(cores) - len(good)} of {len(cores)} cores"
    return Part("cores", 15 * len(whole) / len(cores), 15, words)


def torn_cores(pinning: Pinning, context: PlacementContext) -> tuple[int, ...]:
    """First CPUs of cores whose vCPUs are not what the guest takes for siblings: QEMU counts threads fastest."""
    threads = pinning.shape.threads if pinning.shape else 1
    mates: dict[int, set[int]] = {}
    for vcpu, cpus in pinning.vcpus.items():
        for cpu in cpus:
            core = context.by_cpu.get(cpu)
            if core is not None:
                mates.setdefault(core.first, set()).add(vcpu // threads)
    spread: dict[int, set[int]] = {}
    for first, groups in mates.items():
        for group in groups:
            spread.setdefault(group, set()).add(first)
    bad = {first for first, groups in mates.items() if len(groups) > 1}
    return tuple(sorted(bad | {first for firsts in spread.values() if len(firsts) > 1 for first in firsts}))


def _prefer(cores: tuple[Core, ...], context: PlacementContext, prefer: Prefer) -> Part:
    if prefer is Prefer.CACHE:
        sizes = {d.number: d.size if isinstance(d.size, int) else 0 for d in context.domains}
        mine = [sizes[c.domain] for c in cores]
        every = list(sizes.values())
    else:
        every = [c.max_khz for c in context.cores if isinstance(c.max_khz, int)]
        mine = [c.max_khz for c in cores if isinstance(c.max_khz, int)]
    if len(mine) < len(cores) or max(every) == min(every):
        # An unknown frequency is no reason to choose or to shun a core.
        return Part("prefer", 10, 10, f"the host's cores do not differ in {prefer}")
    mean = sum(mine) / len(mine)
    share = (mean - min(every)) / (max(every) - min(every))
    if prefer is Prefer.CACHE:
        words = f"L3 of {mean / 2**20:.0f} MiB; the host has {min(every) >> 20} to {max(every) >> 20} MiB"
    else:
        words = f"up to {mean / 1e6:.2f} GHz; the host has {min(every) / 1e6:.2f} to {max(every) / 1e6:.2f} GHz"
    return Part("prefer", 10 * share, 10, words)


def kept_cores(cpus: CpuSet, context: PlacementContext) -> tuple[Core, ...]:
    """Cores on which no vCPU of any guest runs and that are not isolated: the host's."""
    return tuple(
        c for c in context.cores if not c.isolated and not set(c.cpus) & cpus and not set(c.cpus) & context.taken.keys()
    )


def _host(cpus: CpuSet, context: PlacementContext, wanted: int) -> Part:
    kept = kept_cores(cpus, context)
    first = context.host_core
    if wanted == 0:
        return Part("host", 10, 10, "the host was to keep no core")
    if first is None or first not in kept:
        return Part("host", 0, 10, f"vCPUs run on the host's first core (CPU {first.first if first else 0})")
    cores = "1 core" if len(kept) == 1 else f"{len(kept)} cores"
    words = f"the host keeps {cores}, CPU {first.first} among them"
    if len(kept) < wanted:
        words += f", but should keep {wanted}"
    return Part("host", 10 * min(1, len(kept) / wanted), 10, words)


def _threads(pinning: Pinning, cpus: CpuSet, context: PlacementContext) -> Part:
    sets = [pinning.where(name) for name in pinning.helpers]
    if cpus >= context.allowed:
        return Part("threads", 7, 7, "no CPU is left for the emulator: it need not be pinned")
    known = [s for s in sets if s]
    if len(known) < len(sets):
        return Part("threads", 0, 7, "the emulator or an iothread may run on the vCPUs' cores")
    where = frozenset(c for s in known for c in s)
    isolated = any(context.by_cpu[c].isolated for c in where if c in context.by_cpu)
    apart = not where & pinning.guest_cpus and not isolated
    nodes = {context.by_cpu[c].node for c in cpus}
    home = all(c in context.by_cpu and context.by_cpu[c].node in nodes for c in where)
    words = f"emulator and iothreads have CPU {format_list(where)}"
    words += ", apart from the vCPUs" if apart else ", isolated ones" if isolated else ", where vCPUs run too"
    words += "" if home else ", on another node"
    return Part("threads", 4 * apart + 3 * home, 7, words)


def _kind(cores: tuple[Core, ...], context: PlacementContext) -> Part:
    every = {c.kind for c in context.cores if c.kind is not None}
    kinds = {c.kind for c in cores}
    if len(every) < 2:
        return Part("kind", 5, 5, "all cores are of one kind")
    if len(kinds) > 1:
        return Part("kind", 0, 5, f"kinds of cores are mixed: {', '.join(sorted({c.kind_name for c in cores}))}")
    top = max(every) or 1
    return Part("kind", 5 * (kinds.pop() or 0) / top, 5, f"{cores[0].kind_name} cores only")


def _isolated(cpus: CpuSet, context: PlacementContext) -> Part:
    if not context.isolates:
        return Part("isolated", 5, 5, "the host isolates no CPU at boot")
    inside = sum(context.topology.by_number[c].isolated for c in cpus)
    return Part("isolated", 5 * inside / len(cpus), 5, f"{inside} of {len(cpus)} CPUs are isolated")


def _quiet(cores: tuple[Core, ...], context: PlacementContext) -> Part:
    first = context.host_core
    used = {c.domain for c in cores}
    if len(context.domains) < 2 or first is None:
        return Part("quiet", 3, 3, "all cores share one L3 cache")
    alone = used - {first.domain}
    words = "the host's first core uses another L3 cache" if alone == used else "the host's first core shares an L3"
    return Part("quiet", 3 * len(alone) / len(used), 3, words)

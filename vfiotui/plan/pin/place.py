"""Which cores a guest could have: every sensible choice, whole cores only, before any is judged.

A choice lies in one kind of core and on as few NUMA nodes and level 3 domains as can be; the host's first core is
never in it, and a core stays free beside it for QEMU's own threads wherever the node has one to spare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cores import Core
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.plan.pin.placement_context import PlacementContext
from vfiotui.plan.pin.score import kept_cores

RUNS = 64
"""Sets of level 3 domains that are tried; a host with more repeats itself."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Cores by level 3 domain, and where QEMU's own threads go."""

    groups: tuple[tuple[Core, ...], ...]
    threads: int
    """CPUs of each core that the guest gets."""
    emulator: CpuSet | None

    @property
    def even(self) -> bool:
        """Whether every domain gives equally many cores, so that the guest can be shown dies."""
        return len({len(g) for g in self.groups}) == 1


def choices(context: PlacementContext, count: int | None, host_cores: int, smt: bool) -> Iterator[Choice]:
    """Every choice for so many vCPUs; None asks for as many as one level 3 domain has to give."""
    for pool in _pools(context, host_cores):
        fits = 0
        for nodes in _node_sets(pool, context):
            if fits and len(nodes) > 1:
                break
            for threads in _widths(pool, count, smt):
                found = list(_on_nodes(pool, nodes, threads, count, host_cores, context))
                yield from found
                fits += len(found)
                if found:
                    break


def _pools(context: PlacementContext, host_cores: int) -> Iterator[tuple[Core, ...]]:
    """Free cores of one kind: all of them, and where the host isolates some, the isolated and the others apart."""
    first = context.host_core if host_cores else None
    free = [c for c in context.cores if c is not first and context.free(c)]
    for kind in sorted({c.kind for c in free}, key=lambda k: -1 if k is None else k, reverse=True):
        whole = tuple(c for c in free if c.kind == kind)
        isolated = tuple(c for c in whole if c.isolated)
        yield from dict.fromkeys(p for p in (isolated, tuple(c for c in whole if not c.isolated), whole) if p)


def _widths(pool: Sequence[Core], count: int | None, smt: bool) -> tuple[int, ...]:
    """CPUs for each core, most wanted first; a count that does not divide leaves the siblings idle."""
    widest = max(len(c.cpus) for c in pool)
    able = [w for w in range(widest, 0, -1) if widest % w == 0 and (count is None or count % w == 0)]
    return tuple(able) if smt else tuple(reversed(able))


def _node_sets(pool: Sequence[Core], context: PlacementContext) -> Iterator[tuple[int | None, ...]]:
    """Single nodes first, then ever larger sets around each."""
    nodes: list[int | None] = sorted({c.node for c in pool}, key=lambda n: -1 if n is None else n)
    yield from ((n,) for n in nodes)
    starts = [n for n in nodes if n in context.near] or nodes[:1]
    for start in starts:
        around = sorted(nodes, key=lambda n: (_distance(context, start, n), -1 if n is None else n))
        yield from (tuple(around[:size]) for size in range(2, len(nodes) + 1))


def _distance(context: PlacementContext, node: int | None, other: int | None) -> int:
    return 255 if node is None or other is None else context.distance(node, other)


def _on_nodes(
    pool: Sequence[Core],
    nodes: tuple[int | None, ...],
    threads: int,
    count: int | None,
    host_cores: int,
    context: PlacementContext,
) -> Iterator[Choice]:
    by_domain: dict[int, list[Core]] = {}
    for core in pool:
        if core.node in nodes and len(core.cpus) >= threads:
            by_domain.setdefault(core.domain, []).append(core)
    if count is None:
        for cores in by_domain.values():
            most = next(
                (
                    c
                    for n in range(len(cores), 0, -1)
                    if (c := _settle([(cores, n)], threads, nodes, host_cores, context))
                ),
                None,
            )
            if most:
                yield most
        return
    cores_wanted = count // threads
    for shares in _shares(by_domain, cores_wanted):
        settled = _settle(shares, threads, nodes, host_cores, context)
        if settled:
            yield settled


Shares = list[tuple[list[Core], int]]
"""Level 3 domains, and how many cores of each."""


def _shares(by_domain: dict[int, list[Core]], wanted: int) -> Iterator[Shares]:
    """Ways to take cores from as few domains as can be: in equal shares where some domains have room for them."""
    sizes = sorted((len(c) for c in by_domain.values()), reverse=True)
    used = next((k for k in range(1, len(sizes) + 1) if sum(sizes[:k]) >= wanted), 0)
    if not used:
        return
    share, rest = divmod(wanted, used)
    roomy = [n for n in sorted(by_domain) if len(by_domain[n]) >= share]
    if not rest and len(roomy) >= used:
        for chosen in _runs(roomy, used):
            yield [(by_domain[d], share) for d in chosen]
        return
    largest = sorted(by_domain, key=lambda n: (-len(by_domain[n]), n))[:used]
    for chosen in dict.fromkeys([*_runs(sorted(by_domain), used), tuple(sorted(largest))]):
        if sum(len(by_domain[d]) for d in chosen) >= wanted:
            yield _uneven([by_domain[d] for d in chosen], wanted)


def _runs(numbers: Sequence[int], used: int) -> Iterator[tuple[int, ...]]:
    """Neighbours, so many at a time."""
    return islice((tuple(numbers[i : i + used]) for i in range(len(numbers) - used + 1)), RUNS)


def _uneven(domains: list[list[Core]], wanted: int) -> Shares:
    """As evenly as the domains allow."""
    taken = [0] * len(domains)
    while sum(taken) < wanted:
        room = [i for i, d in enumerate(domains) if taken[i] < len(d)]
        taken[min(room, key=lambda i: (taken[i], i))] += 1
    return [(d, n) for d, n in zip(domains, taken, strict=True) if n]


def _settle(
    shares: Shares, threads: int, nodes: tuple[int | None, ...], host_cores: int, context: PlacementContext
) -> Choice | None:
    """The choice, with the host's cores left out where it would keep too few; None where that cannot be."""
    room = sum(len(cores) - n for cores, n in shares)
    for skipped in range(room + 1):
        groups = _skip(shares, skipped, host_cores, context)
        cpus = frozenset(c for group in groups for core in group for c in core.cpus)
        kept = kept_cores(cpus, context)
        if len(kept) < host_cores:
            continue
        able = [c for c in kept if not context.allowed.isdisjoint(c.cpus)]
        home = [c for c in able if c.node in nodes]
        full = not host_cores and skipped == room
        if home or full or not _could_spare(nodes, context):
            busy = context.busy.keys()
            quiet = sorted(
                home or able,
                key=lambda c: (c is not context.host_core, not busy.isdisjoint(c.cpus), c.first),
            )
            return Choice(tuple(groups), threads, context.allowed.intersection(quiet[0].cpus) if quiet else None)
    return None


def _could_spare(nodes: tuple[int | None, ...], context: PlacementContext) -> bool:
    """Whether the nodes have a core at all that is not isolated and not another guest's."""
    return any(c.node in nodes and not context.allowed.isdisjoint(c.cpus) for c in kept_cores(frozenset(), context))


def _skip(shares: Shares, skipped: int, host_cores: int, context: PlacementContext) -> list[tuple[Core, ...]]:
    """The first cores of each domain's share behind those that are left out, where there is room for that.

    The host's own come first beside its first core; more are left out of the roomiest domains.
    """
    room = [len(cores) - n for cores, n in shares]
    first = context.host_core
    offsets = [
        min(room[i], host_cores - 1) if host_cores and first and cores[0].domain == first.domain else 0
        for i, (cores, _) in enumerate(shares)
    ]
    for _ in range(skipped):
        roomiest = max(range(len(shares)), key=lambda i: (room[i] - offsets[i], -i))
        offsets[roomiest] = min(offsets[roomiest] + 1, room[roomiest])
    return [tuple(cores[o : o + n]) for (cores, n), o in zip(shares, offsets, strict=True)]

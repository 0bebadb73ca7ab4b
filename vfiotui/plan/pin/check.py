"""Everything that is wrong with a pinning, at once and in words; each problem names the law that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.guest_nodes import cell_faults
from vfiotui.model.cpu.pinning import EMULATOR, Pinning
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.finding.finding import Severity
from vfiotui.plan.pin.placement_context import PlacementContext, bound_in
from vfiotui.plan.pin.score import fewest_domains, kept_cores, torn_cores

NONE: CpuSet = frozenset()
ORDER = (Severity.FAIL, Severity.WARN, Severity.INFO)


class Law(StrEnum):
    """What a pinning is checked for, in the order in which problems are listed."""

    PINS = "pins"
    """Every vCPU is pinned to one CPU."""
    OVERLAP = "overlap"
    """No CPU has two owners."""
    SIBLINGS = "siblings"
    """Threads of a guest's core are SMT siblings."""
    CORE = "core"
    """Nothing else runs on the core of a vCPU."""
    L3 = "L3"
    """The vCPUs span as few level 3 caches as can be."""
    CORE_TYPE = "core type"
    """All vCPUs run on one type of core."""
    NUMA = "NUMA"
    """The vCPUs are on one node, that of the device."""
    HELPERS = "helpers"
    """Emulator threads and iothreads keep off the vCPUs' CPUs."""
    HOST = "host"
    """The host keeps its first core."""
    CPUS = "CPUs"
    """The CPUs are online and allowed."""
    TOPOLOGY = "topology"
    """The guest's topology has as many places as vCPUs."""


LAWS = tuple(Law)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    law: Law
    severity: Severity
    words: str
    """A sentence without a full stop."""
    cpus: CpuSet = NONE
    """Where."""


def problems(pinning: Pinning, context: PlacementContext) -> tuple[Problem, ...]:
    """All problems, worst first."""
    bound = bound_in(pinning, context)
    found = [p for check in CHECKS for p in check(bound, context)]
    return tuple(sorted(found, key=lambda p: (ORDER.index(p.severity), LAWS.index(p.law))))


def _each_vcpu(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    pins = pinning.vcpus
    on = pinning.count - len(pinning.off)
    floating = [v for v in range(pinning.count) if v not in pins and v not in pinning.off]
    if floating:
        anywhere = "anywhere: no pin" if pinning.rest is None else f"on CPU {format_list(pinning.rest)}: no pin"
        words = f"vCPU {format_list(floating)} may run {anywhere}"
        if context.isolates and len(floating) == on:
            words += ", although the host isolates CPUs for guests"
        yield Problem(Law.PINS, Severity.WARN if pins or context.isolates else Severity.INFO, words)
    wide = [v for v, cpus in pins.items() if len(cpus) > 1]
    if wide:
        yield Problem(Law.PINS, Severity.WARN, f"vCPU {format_list(wide)} may wander between several CPUs")
    strange = [v for v in pins if v >= pinning.count]
    if strange:
        yield Problem(
            Law.TOPOLOGY, Severity.WARN, f"pins for vCPU {format_list(strange)}, which the guest does not have"
        )
    threads = [i for i in pinning.iothread_pins if i not in pinning.iothread_ids]
    if threads:
        yield Problem(
            Law.HELPERS, Severity.FAIL, f"pins for iothread {format_list(threads)}, which the guest does not have"
        )


def _clashes(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    owners: dict[int, list[int]] = {}
    for vcpu, cpus in pinning.vcpus.items():
        if len(cpus) == 1:
            owners.setdefault(min(cpus), []).append(vcpu)
    for cpu, vcpus in sorted(owners.items()):
        if len(vcpus) > 1:
            words = f"vCPUs {format_list(vcpus)} are all pinned to CPU {cpu}"
            yield Problem(Law.OVERLAP, Severity.FAIL, words, frozenset({cpu}))
    by_guest: dict[str, set[int]] = {}
    for cpu in pinning.guest_cpus & context.taken.keys():
        by_guest.setdefault(context.taken[cpu], set()).add(cpu)
    for guest, shared in sorted(by_guest.items()):
        yield Problem(
            Law.OVERLAP, Severity.FAIL, f"CPU {format_list(shared)} belongs to the guest {guest}", frozenset(shared)
        )


def _rivals(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    by_guest: dict[str, set[int]] = {}
    for cpu in pinning.guest_cpus & context.spoken_for.keys():
        by_guest.setdefault(context.spoken_for[cpu], set()).add(cpu)
    for guest, cpus in sorted(by_guest.items()):
        words = f"CPU {format_list(cpus)} is also pinned by {guest}, which is off: both at once would share it"
        yield Problem(Law.OVERLAP, Severity.INFO, words, frozenset(cpus))


def _unseen(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    if pinning.vcpus and context.unseen:
        yield Problem(Law.OVERLAP, Severity.INFO, context.unseen)


def _siblings(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    torn = torn_cores(pinning, context)
    if torn:
        threads = pinning.shape.threads if pinning.shape else 1
        cpus = frozenset(c for first in torn for c in context.by_cpu[first].cpus)
        words = (
            f"the guest takes its vCPUs for cores of their own, but some share a core on CPU {format_list(cpus)}"
            if threads == 1
            else f"SMT pair split: what the guest takes for one core is none on CPU {format_list(cpus)}"
        )
        yield Problem(Law.SIBLINGS, Severity.WARN, words, cpus)


def _beside(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    ours = pinning.guest_cpus
    beside = {s for c in ours if c in context.by_cpu for s in context.by_cpu[c].cpus} - ours
    own = {c for name, cpus in pinning.pins if not name.startswith("v") for c in cpus}
    for cpus, whose in (
        (beside & own, "this guest's own emulator or iothreads"),
        (beside & (context.taken.keys() | context.busy.keys()), "another guest's threads"),
    ):
        if cpus:
            words = f"{whose} run on CPU {format_list(cpus)}, beside a vCPU on the same core"
            yield Problem(Law.CORE, Severity.WARN, words, frozenset(cpus))


def _caches(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    cores = {context.by_cpu[c].first: context.by_cpu[c] for c in pinning.guest_cpus if c in context.by_cpu}
    used = {c.domain for c in cores.values()}
    needed = max(fewest_domains(len(cores), [len(d.cores) for d in context.domains]), len(pinning.cells))
    if len(used) > needed:
        words = f"L3 crossing: the vCPUs span {len(used)} L3 caches; they would fit in {needed}"
        yield Problem(Law.L3, Severity.WARN, words)
    elif (
        len(used) > 1
        and context.knows_dies
        and pinning.shape is not None
        and len(used) not in (pinning.shape.dies, len(pinning.cells))
    ):
        words = f"the guest is not shown that its vCPUs lie on {len(used)} L3 caches (dies)"
        yield Problem(Law.L3, Severity.INFO, words)


def _kinds(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    names = {context.by_cpu[c].kind_name for c in pinning.guest_cpus if c in context.by_cpu}
    if len(names) > 1:
        words = f"kinds of cores are mixed ({', '.join(sorted(names))}): the guest cannot see which is which"
        yield Problem(Law.CORE_TYPE, Severity.WARN, words)


def _nodes(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    if len(context.nodes) < 2:
        return
    nodes = {n for c in pinning.guest_cpus if c in context.by_cpu and (n := context.by_cpu[c].node) is not None}
    several = len(pinning.cells) > 1
    if several:
        pins = {v: cpus for v, cpus in pinning.vcpus.items() if v not in pinning.off}
        faults = cell_faults(pinning.cells, pins, lambda c: context.by_cpu[c].node if c in context.by_cpu else None)
        yield from (Problem(Law.NUMA, Severity.WARN, words) for words in faults)
    elif len(nodes) > 1:
        yield Problem(Law.NUMA, Severity.WARN, f"the vCPUs lie on NUMA nodes {format_list(nodes)}")
    if nodes and context.near and not (nodes & context.near if several else nodes <= context.near):
        words = f"the vCPUs are on node {format_list(nodes)}, the device is on node {format_list(context.near)}"
        yield Problem(Law.NUMA, Severity.WARN, words)
    if nodes and pinning.nodes is not None and not pinning.nodes <= nodes:
        words = f"memory comes from node {format_list(pinning.nodes)}, the vCPUs run on node {format_list(nodes)}"
        yield Problem(Law.NUMA, Severity.WARN, words)


def _workers(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    if not pinning.vcpus:
        return
    names = pinning.helpers
    loose = [n for n in names if pinning.where(n) is None]
    if loose and not pinning.guest_cpus >= context.allowed:
        yield Problem(Law.HELPERS, Severity.WARN, f"{', '.join(map(_named, loose))} may run on the vCPUs' CPUs: no pin")
    vcpus = pinning.guest_cpus | context.taken.keys()
    isolated = {c.cpu for c in context.topology.cpus if c.isolated}
    for name in names:
        cpus = pinning.where(name) or NONE
        if cpus & vcpus:
            words = f"{_named(name)} shares CPU {format_list(cpus & vcpus)} with vCPUs"
            yield Problem(Law.HELPERS, Severity.WARN, words, cpus & vcpus)
        if cpus & isolated and len(cpus) > 1:
            words = (
                f"{_named(name)} is pinned to isolated CPU {format_list(cpus & isolated)}: it would stay on one of them"
            )
            yield Problem(Law.HELPERS, Severity.WARN, words, cpus & isolated)


def _named(thread: str) -> str:
    return "the emulator" if thread == EMULATOR else f"iothread {thread[2:]}"


def _host(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    first = context.host_core
    if first is None or not pinning.vcpus:
        return
    if not kept_cores(pinning.guest_cpus, context):
        yield Problem(Law.HOST, Severity.WARN, "no core is left to the host")
    elif pinning.guest_cpus & set(first.cpus):
        words = f"vCPUs run on the host's first core (CPU {format_list(first.cpus)}), where its own work begins"
        yield Problem(Law.HOST, Severity.WARN, words, frozenset(first.cpus))


def _running(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    every = frozenset(c for _, cpus in pinning.pins for c in cpus)
    there = {c.cpu for c in context.topology.cpus}
    online = context.by_cpu.keys()
    for cpus, why in (
        (every - there, "does not exist"),
        (every & there - online, "is offline"),
        (every & online - context.allowed, "is closed to guests by their control group"),
    ):
        if cpus:
            words = f"CPU {format_list(cpus)} {why}: the guest would not start"
            yield Problem(Law.CPUS, Severity.FAIL, words, frozenset(cpus))


def _shape(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    shape = pinning.shape
    if shape is not None and shape.product != pinning.count:
        words = f"the shape makes {shape.product} vCPUs ({shape.words}), the guest has {pinning.count}"
        yield Problem(Law.TOPOLOGY, Severity.FAIL, words)


def _isolated(pinning: Pinning, context: PlacementContext) -> Iterator[Problem]:
    isolated = {c.cpu for c in context.topology.cpus if c.isolated and c.online}
    mixed = pinning.guest_cpus & isolated
    if mixed and pinning.guest_cpus - isolated:
        words = f"only CPU {format_list(mixed)} of the vCPUs' CPUs are isolated"
        yield Problem(Law.HELPERS, Severity.INFO, words, frozenset(mixed))
    if pinning.vcpus and isolated and not mixed and not isolated & context.taken.keys():
        words = f"isolated CPU {format_list(isolated)} without pins: nothing uses what the host gave up"
        yield Problem(Law.HELPERS, Severity.WARN, words, frozenset(isolated))


CHECKS: tuple[Callable[[Pinning, PlacementContext], Iterable[Problem]], ...] = (
    *(
        _each_vcpu,
        _clashes,
        _rivals,
        _unseen,
        _siblings,
        _beside,
        _caches,
        _kinds,
        _nodes,
        _workers,
        _host,
        _running,
        _shape,
        _isolated,
    ),
)

"""Goals about the pins of one guest: a proposal, the emulator, the iothreads, or none at all."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import EMULATOR, Pinning, pinning_of
from vfiotui.model.cpu.topology import CpuSet, Topology
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.pin.pin_plan import plan_pins, widest
from vfiotui.plan.pin.placement_context import PlacementContext, context_of
from vfiotui.plan.pin.propose import Goal, NoPlacement, propose
from vfiotui.plan.pin.score import kept_cores

NONE: CpuSet = frozenset()
Edit = Callable[[Pinning, PlacementContext, Domain], Pinning]


def _planner(edit: Edit, *, tuned: bool = False) -> Callable[[Draft, str], None]:
    """Draws what an edit makes of the stored pinning; `tuned`: the guest's processor follows."""

    def draw(draft: Draft, name: str) -> None:
        stored = draft.snapshot.guests.get(name, Unread("it was not read"))
        if isinstance(stored, Unread):
            raise PlanError(f"the definition of {name} cannot be changed: {stored.reason}")
        if draft.changes(name) or draft.changes(stored.file):
            raise PlanError(
                f"one goal about the pins of {name} at a time: make the next plan after this one is applied"
            )
        topology, virt = draft.facts.cpu, draft.facts.virt
        if isinstance(topology, Unread):
            raise PlanError(f"the processors cannot be seen ({topology}): pin by hand with 'vfiotui pin set'")
        if stored.definition is None:
            raise PlanError(f"there is no definition of a guest {name!r}")
        try:
            domain = parse(decode(stored.definition)[0], source=stored.file or stored.where)
        except ValueError as error:
            raise PlanError(f"the definition of {name} cannot be read: {error}") from error
        known = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
        not_whole = () if isinstance(virt, Unread) else virt.not_whole
        context = context_of(domain, topology, draft.facts.pci, known, not_whole)
        if context.unseen:
            draft.note(context.unseen)
        wanted = edit(pinning_of(domain), context, domain)
        host: Topology | None = topology if tuned else None
        plan = plan_pins(stored, wanted, host, widest(stored))
        for step in plan.steps:
            draft.add(step, Phase.GUEST)
        for note in plan.notes:
            draft.note(note)

    return draw


def _proposed(now: Pinning, context: PlacementContext, domain: Domain) -> Pinning:
    found = propose(Goal(vcpus=now.count, iothreads=now.iothreads), context, domain)
    if isinstance(found, NoPlacement):
        raise PlanError(found.sentence)
    return found[0].pinning


def _host_cpus(now: Pinning, context: PlacementContext) -> CpuSet:
    """The CPUs of one core that the host keeps, on the guest's nodes where there is one, its first core best."""
    nodes = {context.by_cpu[c].node for c in now.guest_cpus if c in context.by_cpu}
    kept = [c for c in kept_cores(now.guest_cpus, context) if not context.allowed.isdisjoint(c.cpus)]
    kept.sort(key=lambda c: (bool(nodes) and c.node not in nodes, c is not context.host_core, c.first))
    if not kept:
        raise PlanError("no core is left to the host: give the guest fewer vCPUs first ('vfiotui pin propose')")
    return context.allowed.intersection(kept[0].cpus)


def _disturbs(cpus: CpuSet, now: Pinning, context: PlacementContext) -> bool:
    """Whether threads of QEMU on these CPUs share one with a vCPU, or all sit on one isolated CPU."""
    isolated = frozenset(c for core in context.cores if core.isolated for c in core.cpus)
    return bool(cpus & now.guest_cpus) or len(cpus & isolated) > 1


def _emulator(now: Pinning, context: PlacementContext, domain: Domain) -> Pinning:
    """The emulator, and with it the iothreads that were pinned beside it or where they disturb."""
    cpus = _host_cpus(now, context)
    wanted = now.placed(EMULATOR, cpus)
    for index, had in now.iothread_pins.items():
        if had == now.emulator or _disturbs(had, now, context):
            wanted = wanted.placed(f"io{index}", cpus)
    return wanted


def _iothreads(now: Pinning, context: PlacementContext, domain: Domain) -> Pinning:
    known = tuple(p for p in now.pins if not p[0].startswith("io") or int(p[0][2:]) in now.iothread_ids)
    beside = now.emulator if now.emulator and not _disturbs(now.emulator, now, context) else None
    wanted, cpus = replace(now, pins=known), beside or _host_cpus(now, context)
    for index in now.iothread_ids:
        wanted = wanted.placed(f"io{index}", cpus)
    return wanted


def _cleared(now: Pinning, context: PlacementContext, domain: Domain) -> Pinning:
    return replace(now, pins=())


PLANNERS = (
    Planner(
        "pin.propose", "GUEST", "pin a guest as 'pin propose' ranks best", "Pin {}", _planner(_proposed, tuned=True)
    ),
    Planner(
        "pin.emulator",
        "GUEST",
        "pin QEMU's own threads to the host's CPUs",
        "Pin the emulator of {}",
        _planner(_emulator),
    ),
    Planner(
        "pin.iothreads",
        "GUEST",
        "pin iothreads to the emulator's CPUs",
        "Pin the iothreads of {}",
        _planner(_iothreads),
    ),
    Planner("pin.clear", "GUEST", "remove all pins of a guest", "Free the threads of {}", _planner(_cleared)),
)

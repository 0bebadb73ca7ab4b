"""From a goal to ranked pinnings, each with a score that can be worked out again and its reasons in words."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.cpu.pinning import Pinning, Shape, pinning, pinning_of, sized
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.pin.place import Choice, choices
from vfiotui.plan.pin.placement_context import PlacementContext
from vfiotui.plan.pin.score import Prefer, Score, score

SHOWN = 5
"""Proposals that are worth reading."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a person wants for one guest."""

    vcpus: int | None = None
    """None: as many as sensible, which is what one level 3 domain has to give."""
    host_cores: int = 1
    """Cores that stay with the host."""
    prefer: Prefer = Prefer.CACHE
    smt: bool = True
    """Whether the guest gets both siblings of a core; a lone vCPU leaves the other idle."""
    dies: bool = True
    """Whether a guest on several level 3 domains is shown as many dies."""
    iothreads: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """One pinning, and why."""

    pinning: Pinning
    score: Score
    remarks: tuple[str, ...]
    """What a person should know before they take it."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The words behind the score."""
        return tuple(p.words for p in self.score.parts)


@dataclass(frozen=True, slots=True)
class NoPlacement:
    """Why nothing can be proposed, and what could be."""

    sentence: str
    most: int
    """vCPUs that there is room for; 0 for none."""


def propose(goal: Goal, context: PlacementContext, guest: Domain | None = None) -> tuple[Proposal, ...] | NoPlacement:
    """The best pinnings for a goal, best first; at equal scores fewer remarks, more vCPUs and lower CPUs win."""
    if guest is not None and len(guest.cells) > 1 and len(context.nodes) > 1:
        return NoPlacement(
            f"{guest.name} sees {len(guest.cells)} NUMA nodes (<numa>): pin the vCPUs of each by hand to the host's "
            "node of its memory ('vfiotui pin set'); a proposal would put them all on one node",
            0,
        )
    found = [_proposal(c, goal, context, guest) for c in choices(context, goal.vcpus, goal.host_cores, goal.smt)]
    if not found:
        return _no_place(goal, context)
    found.sort(key=lambda p: (-p.score.total, len(p.remarks), -p.pinning.count, min(p.pinning.guest_cpus)))
    distinct: dict[Pinning, Proposal] = {}
    for proposal in found:
        distinct.setdefault(proposal.pinning, proposal)
    return tuple(distinct.values())[:SHOWN]


def _no_place(goal: Goal, context: PlacementContext) -> NoPlacement:
    if goal.vcpus is None:
        return NoPlacement(
            f"no core is free for a guest: the host keeps {goal.host_cores}, other guests and limits have the rest", 0
        )
    room = min(goal.vcpus - 1, len(context.allowed))
    most = next((n for n in range(room, 0, -1) if any(True for _ in choices(context, n, goal.host_cores, goal.smt))), 0)
    instead = f"there is room for {most}" if most else "there is room for none"
    return NoPlacement(
        f"{goal.vcpus} vCPUs find no place on whole cores of one kind beside {goal.host_cores} for the host and the "
        f"other guests; {instead}",
        most,
    )


def _proposal(choice: Choice, goal: Goal, context: PlacementContext, guest: Domain | None) -> Proposal:
    cpus = [cpu for group in choice.groups for core in group for cpu in core.cpus[: choice.threads]]
    cores = sum(len(g) for g in choice.groups)
    dies = len(choice.groups) if choice.even and goal.dies and context.knows_dies else 1
    own = choice.emulator
    had = pinning_of(guest) if guest else None
    ids = sized(had.iothread_ids if had else (), max(goal.iothreads, had.iothreads if had else 0))
    nodes = frozenset(core.node for group in choice.groups for core in group if core.node is not None)
    several = len(context.nodes) > 1
    short = several and guest is not None and not fits(guest, nodes, context)
    found = pinning(
        {v: frozenset({cpu}) for v, cpu in enumerate(cpus)},
        own,
        dict.fromkeys(ids, own) if own else None,
        iothread_ids=ids,
        shape=Shape(1, dies, cores // dies, choice.threads),
        nodes=nodes if several and not short else None,
    )
    if had is not None:
        off = had.off if found.count == had.count else frozenset()
        found = replace(found, off=off, rest=had.rest, cells=had.cells)
    return Proposal(
        found,
        score(found, context, prefer=goal.prefer, host_cores=goal.host_cores),
        (*_remarks(choice, goal, context, dies, short), *_rivals(found, context), *filter(None, (context.unseen,))),
    )


def fits(guest: Domain, nodes: frozenset[int], context: PlacementContext) -> bool:
    """Whether the guest's memory can come from these nodes alone; what is unknown is taken to fit."""
    sizes = [n.memory_kib for n in context.topology.nodes if n.node in nodes]
    return any(isinstance(s, Unread) for s in sizes) or guest.memory_kib <= sum(s for s in sizes if isinstance(s, int))


def _rivals(found: Pinning, context: PlacementContext) -> list[str]:
    """Guests that are off and could not run at the same time."""
    names = sorted({context.spoken_for[c] for c in found.guest_cpus if c in context.spoken_for})
    return [f"{name} is off and pinned to some of these CPUs: both at once would share them" for name in names]


def _remarks(choice: Choice, goal: Goal, context: PlacementContext, dies: int, short: bool) -> list[str]:
    groups = len(choice.groups)
    widest = max(len(core.cpus) for group in choice.groups for core in group)
    said = []
    if groups > 1 and dies == 1:
        why = (
            "they give unequal numbers of cores"
            if not choice.even
            else "this goal asks for one die"
            if not goal.dies
            else "its machine type knows no dies"
        )
        said.append(f"the guest cannot be shown that its cores lie on {groups} L3 caches: {why}")
    if choice.threads < widest:
        said.append("one vCPU on each core: the SMT siblings beside them must stay idle, give them to no other guest")
    if not goal.smt and choice.threads > 1:
        said.append("cores are scarce: vCPUs share cores as SMT siblings, and the guest sees them as such")
    if choice.emulator is None:
        said.append("no core is left for the emulator: it floats, which costs least where the guest has all CPUs")
    if short:
        said.append("the guest's memory is larger than its node: it is not bound to it")
    return said

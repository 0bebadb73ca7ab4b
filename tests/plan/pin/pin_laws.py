"""The laws of pinning, checked by other means than the proposer's: from the raw topology, set by set.

`python -m tests.plan.pin.pin_laws 2000` tries so many made-up goals on each machine and counts violations.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.pin_machines import SIX, topology
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.cpu.pinning import Pinning
from vfiotui.model.cpu.topology import Topology
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.pin.placement_context import placement_context
from vfiotui.plan.pin.propose import Goal, NoPlacement, Prefer, propose

X86 = {"GenuineIntel", "AuthenticAMD"}
CpuSet = frozenset[int]


@dataclass(frozen=True)
class Case:
    """A host at a moment, and a goal."""

    machine: str
    topology: Topology
    others: tuple[Domain, ...]
    near: CpuSet
    goal: Goal


class Host:
    """What the laws need of a case, worked out plainly."""

    def __init__(self, case: Case) -> None:
        self.online = {c.cpu: c for c in case.topology.cpus if c.online}
        self.core = {n: c.siblings & self.online.keys() for n, c in self.online.items()}  # type: ignore[operator]
        self.l3 = {n: c.shared(3) or ("none", c.package) for n, c in self.online.items()}
        self.node = {n: min(c.nodes, default=-1) for n, c in self.online.items()}  # type: ignore[type-var, arg-type]
        self.kind = {n: c.kind for n, c in self.online.items()}
        self.isolated = {n for n, c in self.online.items() if c.isolated}
        limit = case.topology.guest_cpus
        self.allowed = set(self.online) & (limit if isinstance(limit, frozenset) else set(self.online))
        live = [d for d in case.others if d.running or d.autostart]
        self.vcpus_of_others = {c for d in live for _, s in d.vcpu_pins for c in s}
        self.threads_of_others = {c for d in live for c in d.emulator_pin or ()}
        plain = [n for n in self.online if not self.core[n] & self.isolated] or list(self.online)
        self.first_core = self.core[min(plain)]

    def cores(self, cpus: Iterable[int]) -> set[CpuSet]:
        return {frozenset(self.core[c]) for c in cpus}

    def free_cores(self, case: Case) -> set[CpuSet]:
        """Whole cores that nobody has, without the host's first one."""
        off = self.vcpus_of_others | self.threads_of_others
        found = {c for c in self.cores(self.allowed) if c <= self.allowed and not c & off}
        return found - ({frozenset(self.first_core)} if case.goal.host_cores else set())


def broken(case: Case, found: Pinning, *, best: bool) -> list[str]:
    """The laws that a proposal breaks."""
    host, goal = Host(case), case.goal
    said = []

    def law(name: str, holds: object) -> None:
        if not holds:
            said.append(name)

    pins = found.vcpus
    law(
        "P1 every vCPU has one CPU",
        sorted(pins) == list(range(found.count)) and all(len(c) == 1 for c in pins.values()),
    )
    law("P1 as many as were asked for", goal.vcpus in (None, found.count))
    order = [min(pins[v]) for v in sorted(pins)]
    guest = set(order)
    law("P2 no CPU twice", len(guest) == len(order))
    law("P2 nobody else's CPU", not guest & host.vcpus_of_others)
    law("P10 online and allowed", guest <= host.allowed)
    if not guest <= host.online.keys():
        return said
    shape = found.shape
    assert shape is not None
    law("shape makes the vCPUs", shape.sockets * shape.dies * shape.cores * shape.threads == found.count)
    threads = shape.threads
    for start in range(0, len(order), threads):
        mates = order[start : start + threads]
        law("P3 threads of a guest core share a host core", len(host.cores(mates)) == 1)
    law("P3 guest cores have host cores of their own", len(host.cores(guest)) * threads == len(order))
    emulator = set(found.emulator or ())
    work = emulator | {c for s in found.iothread_pins.values() for c in s}
    beside = set().union(*host.cores(guest)) - guest
    law("P4 no work beside a vCPU", not beside & (work | host.vcpus_of_others | host.threads_of_others))
    kinds = {host.kind[c] for c in guest}
    law("P6 one kind of core", len(kinds) == 1)
    nodes = {host.node[c] for c in guest}
    cores = len(host.cores(guest))
    l3 = [host.l3[c] for c in order]
    if best:
        room = Counter(
            host.l3[min(c)]
            for c in host.free_cores(case)
            if host.node[min(c)] in nodes and host.kind[min(c)] in kinds and len(c) >= threads
        )
        least, left = 0, cores
        for size in sorted(room.values(), reverse=True):
            if left > 0:
                least, left = least + 1, left - size
        pooled = host.isolated and (guest <= host.isolated or not guest & host.isolated)
        law("P5 fewest level 3 domains", len(set(l3)) <= least or pooled)
    if len(set(l3)) > 1:
        grouped = sum(a != b for a, b in pairwise(l3)) == len(set(l3)) - 1
        law("P5 vCPUs grouped by level 3 domain", grouped)
        even = len(set(Counter(l3).values())) == 1
        shown = goal.dies and even and case.topology.vendor in X86
        law("P5 dies are the level 3 domains", shape.dies == (len(set(l3)) if shown else 1))
    else:
        law("P5 one die", shape.dies == 1)
    several = len(set(host.node.values())) > 1
    law("P7 memory from the CPUs' nodes", found.nodes == (frozenset(nodes) if several else None))
    if best and several and case.near and not nodes <= case.near:
        law("P7 near the device where there is room", not room_on(case, host, case.near, threads, cores))
    law("P8 emulator apart from vCPUs", not emulator & (guest | host.vcpus_of_others))
    law("P8 iothreads apart from vCPUs", not work & (guest | host.vcpus_of_others))
    law("P8 none on isolated CPUs", not work & host.isolated)
    spare = [c for c in host.cores(host.allowed) if not c & (guest | host.vcpus_of_others | host.isolated)]
    law("P8 emulator pinned", emulator or not spare)
    law("P8 every iothread pinned", not emulator or len(found.iothread_pins) == found.iothreads)
    own_node = [c for c in spare if host.node[min(c)] in nodes and c & host.allowed]
    law("P8 emulator on the guest's node", not emulator or {host.node[c] for c in emulator} <= nodes or not own_node)
    kept = host.cores(c for c in host.online if c not in guest | host.vcpus_of_others | host.isolated)
    kept = {c for c in kept if not c & (guest | host.vcpus_of_others | host.isolated)}
    if goal.host_cores:
        law("P9 the host keeps its cores", len(kept) >= goal.host_cores)
        law("P9 the host keeps its first core", not host.first_core & guest)
    return said


def room_on(case: Case, host: Host, nodes: CpuSet, threads: int, cores: int) -> bool:
    """Whether so many free cores of one kind lie on some nodes, one more left for the emulator."""
    free = [c for c in host.free_cores(case) if host.node[min(c)] in nodes and len(c) >= threads]
    first = host.first_core & host.allowed
    spare = 0 if case.goal.host_cores and first and host.node[min(first)] in nodes else 1
    counts = Counter(host.kind[min(c)] for c in free)
    kept = len({c for c in host.cores(host.online) if not c & (host.vcpus_of_others | host.isolated)}) - cores
    return kept >= case.goal.host_cores + spare and any(n - spare >= cores for n in counts.values())


def refused_wrongly(case: Case) -> bool:
    """Whether a goal that was refused plainly fits on one node."""
    host = Host(case)
    count = case.goal.vcpus or 1
    widths = {len(c) for c in host.free_cores(case)}
    return any(
        count % width == 0 and room_on(case, host, frozenset({node}), width, count // width)
        for node in set(host.node.values())
        for width in widths | {1}
    )


def made_up(machine: str, seed: int) -> Case:
    """A case from a seed."""
    dice = random.Random(f"{machine} {seed}")
    base = topology(machine)
    online = [c.cpu for c in base.online_cpus]
    isolated: set[int] = set()
    if dice.random() < 0.3:
        for cpu in dice.sample(online, dice.randint(1, max(1, len(online) // 3))):
            isolated |= base.by_number[cpu].siblings  # type: ignore[arg-type]
    limit = frozenset(dice.sample(online, dice.randint(len(online) // 2, len(online)))) if dice.random() < 0.2 else None
    changed = replace(
        base,
        cpus=tuple(replace(c, isolated=c.cpu in isolated) for c in base.cpus),
        guest_cpus=base.guest_cpus if limit is None else limit,
        by_number={},
    )
    others = []
    for index in range(dice.choice((0, 0, 1, 2, 3))):
        pins = tuple(dice.sample(online, dice.randint(1, min(8, len(online) // 4))))
        emulator = str(dice.choice(online)) if dice.random() < 0.5 else ""
        xml = guest_xml(
            f"g{index}", f"00000000-0000-4000-8000-{index:012x}", memory_gib=1, pins=pins, emulator=emulator
        )
        others.append(parse(xml, source="made up", state=dice.choice(("running", "shut off"))))
    nodes = sorted({n for c in base.online_cpus for n in c.nodes})  # type: ignore[union-attr]
    goal = Goal(
        vcpus=dice.choice(
            (None, dice.randint(1, 8), dice.randint(1, max(1, len(online)))) if dice.random() < 0.9 else (1,)
        ),
        host_cores=dice.choice((1, 1, 1, 2, 4, 0)),
        prefer=dice.choice(tuple(Prefer)),
        smt=dice.random() < 0.7,
        dies=dice.random() < 0.8,
        iothreads=dice.choice((0, 1, 2)),
    )
    near = frozenset({dice.choice(nodes)}) if dice.random() < 0.6 and len(nodes) > 1 else frozenset()
    return Case(machine, changed, tuple(others), near, goal)


def judged(case: Case) -> tuple[str, list[str]]:
    """What became of a case: "proposed" or "refused", and the laws that were broken."""
    answer = propose(case.goal, placement_context(case.topology, case.others, case.near))
    if isinstance(answer, NoPlacement):
        return "refused", ["refused what fits"] if refused_wrongly(case) else []
    return "proposed", [law for i, p in enumerate(answer) for law in broken(case, p.pinning, best=i == 0)]


def main(count: int) -> int:
    """Tries so many goals on each machine."""
    bad: Counter[str] = Counter()
    for machine in SIX:
        tally: Counter[str] = Counter()
        for seed in range(count):
            case = made_up(machine, seed)
            outcome, laws = judged(case)
            tally[outcome] += 1
            for law in laws:
                bad[law] += 1
                print(machine, seed, law, case.goal, file=sys.stderr)
        print(f"{machine:8} {count} goals: {dict(tally)}")
    print(f"violations: {sum(bad.values())} {dict(bad)}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))

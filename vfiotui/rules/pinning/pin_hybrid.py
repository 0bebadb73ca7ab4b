"""A guest has one kind of core.

Expected
    All pinned CPUs of a guest are performance cores, or all are efficient ones.
Why
    The guest cannot see the difference: its scheduler gives the heaviest task to any of them.
How it is read
    <vcpupin>; kinds of cores from the PMUs cpu_core and cpu_atom, or from frequency and cache sharing.
Fix
    Pin it to one kind, and leave the other to host, emulator and iothreads.
Valid for
    Hybrid processors.
Sources
    libvirt formatdomain, cputune; Linux tools/perf/Documentation/intel-hybrid.txt.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-HYBRID", Severity.WARN, needs=("cpu",), fires="guest-hybrid", silent="guest-one-kind")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.fixed_pins:
        return
    topology = known(facts.cpu)
    if not topology.hybrid:
        for cpu in domain.fixed_pins.values():
            if cpu in topology.by_number:
                known(topology.by_number[cpu].kind)
        return
    kinds: dict[str, list[int]] = {}
    for cpu in sorted(domain.fixed_pins.values()):
        if cpu in topology.by_number:
            kinds.setdefault(topology.by_number[cpu].kind_name or "?", []).append(cpu)
    evidence = seen(domain.source, "; ".join(f"{kind} cores: CPU {format_list(cpus)}" for kind, cpus in kinds.items()))
    if len(kinds) > 1:
        yield fails(
            domain.name,
            f"It mixes {' and '.join(sorted(kinds))} cores, and cannot distinguish them.",
            evidence,
            fix=fix("pin it to one kind of core", Risk.R2, ("pin.propose", domain.name)),
        )
    else:
        yield holds(domain.name, f"all its cores are of the kind {next(iter(kinds), '?')}", evidence)

"""No two running or autostarted guests share a pinned CPU.

What must hold
    No host CPU carries two vCPUs, of one guest or of two that can run together.
Why
    Two vCPUs on one CPU wait for each other: stutter that no setting inside the guest can cure.
How it is read
    The vcpupins of guests that run or start by themselves.
Fix
    Move one of the guests to other CPUs.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, vcpupin.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, not_applicable, rule, seen


@rule("PIN-CLASH", "H15", Severity.FAIL, needs=("virt",), fires="bad-pins", silent="tower")
def check(facts: Facts) -> Iterator[Answer]:
    domains = [d for d in known(known(facts.virt).domains) if d.vcpu_pins and (d.running or d.autostart)]
    if not domains:
        yield not_applicable("host", "no guest with pins runs or starts by itself")
        return
    owners: dict[int, list[str]] = {}
    for domain in domains:
        for vcpu, cpus in domain.vcpu_pins:
            if len(cpus) == 1:
                owners.setdefault(min(cpus), []).append(f"{domain.name} vCPU {vcpu}")
    shared = {cpu: who for cpu, who in owners.items() if len(who) > 1}
    for cpu, who in sorted(shared.items()):
        yield fails(
            f"CPU {cpu}",
            f"{' and '.join(who)} are pinned to the same CPU.",
            *(seen(d.source, "vcpupin") for d in domains),
            fix=fix("move one of them", Risk.R2),
        )
    if not shared:
        yield holds("host", f"{len(owners)} pinned CPUs, each with one vCPU")

"""No two guests that run together share a pinned CPU.

What must hold
    No host CPU carries two vCPUs, of one guest or of two that run or start by themselves.
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

from vfiotui.model.cpuset import format_list
from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, guest_rule, guests, holds, seen


@guest_rule("PIN-CLASH", Severity.FAIL, fires="bad-pins", silent="tower")
def check(facts: Facts, domain: Domain) -> Iterator[Answer]:
    if not domain.fixed_pins or not _together(domain):
        return
    owners: dict[int, list[str]] = {}
    for other in guests(facts):
        if _together(other):
            for vcpu, cpu in other.fixed_pins.items():
                owners.setdefault(cpu, []).append(f"vCPU {vcpu} of {other.name}")
    shared = {cpu: owners[cpu] for cpu in domain.fixed_pins.values() if len(owners[cpu]) > 1}
    for cpu, who in sorted(shared.items()):
        yield fails(
            domain.name,
            f"CPU {cpu} carries {' and '.join(who)}.",
            seen(domain.source, f"vcpupin to {cpu}"),
            fix=fix("move one of them", Risk.R2, ("pin.propose", domain.name)),
        )
    if not shared:
        yield holds(
            domain.name,
            f"its {len(domain.fixed_pins)} pinned CPUs carry one vCPU each",
            seen(domain.source, f"vcpupin to {format_list(domain.fixed_pins.values())}"),
        )


def _together(domain: Domain) -> bool:
    """Whether it runs, or can be expected to run beside others."""
    return domain.running or domain.autostart

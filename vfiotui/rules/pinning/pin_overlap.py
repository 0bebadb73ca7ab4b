"""No two guests that run together share a pinned CPU.

Expected
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

from collections import Counter

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import owners_of
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, all_guests, fails, fix, guest_rule, guests, holds, known, seen


@guest_rule("PIN-OVERLAP", Severity.FAIL, fires="bad-pins", silent="tower", only_running=True)
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.fixed_pins or not known(_together(domain)):
        return
    pins = domain.fixed_pins.values()
    evidence = seen(domain.source, f"vcpupin to {format_list(pins)}")
    move = fix("move one of them", Risk.R2, ("pin.propose", domain.name))
    own = {cpu for cpu, count in Counter(pins).items() if count > 1}
    others = {
        other.name: shared
        for other in guests(facts)
        if other is not domain and _together(other) is True and (shared := set(pins) & owners_of(other))
    }
    if own:
        yield fails(domain.name, f"Several of its vCPUs are pinned to CPU {format_list(own)}.", evidence, fix=move)
    if others:
        cpus = format_list(frozenset().union(*others.values()))
        yield fails(domain.name, f"CPU {cpus} also carries vCPUs of {', '.join(others)}.", evidence, fix=move)
    if not own and not others:
        for other in all_guests(facts):
            if set(pins) & owners_of(other):
                known(_together(other))
        yield holds(domain.name, f"its {len(domain.fixed_pins)} pinned CPUs carry one vCPU each", evidence)


def _together(domain: Domain) -> Reading[bool]:
    """Whether it runs, or can be expected to run beside others."""
    if domain.state == "unknown" and not domain.autostart:
        return Unread(f"whether {domain.name} runs is not shown", Why.NOT_HERE, domain.source)
    return domain.running or domain.autostart

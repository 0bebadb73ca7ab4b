"""Pins are of vCPUs that run.

Expected
    Each vcpupin names a vCPU below the maximum, all vCPUs are switched on, and their placement is static.
Why
    Pins of vCPUs that are off keep nothing, and placement='auto' lets numad choose against them.
How it is read
    <vcpu current= placement=>, <vcpupin>.
Fix
    Drop the pins, or switch the vCPUs on.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, CPU allocation.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("PIN-UNUSED", Severity.INFO, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins:
        return
    beyond = [v for v, _ in domain.vcpu_pins if v >= domain.vcpus]
    idle = [v for v, _ in domain.vcpu_pins if v < domain.vcpus and not domain.is_on(v)]
    evidence = seen(
        domain.source, f"{domain.vcpus_on} of {domain.vcpus} vCPUs on, placement {domain.placement or 'static'}"
    )
    clear = fix("pin it again", Risk.R2, ("pin.propose", domain.name))
    if beyond or idle:
        yield fails(domain.name, f"vCPU {format_list((*beyond, *idle))} is pinned and not in use.", evidence, fix=clear)
    elif domain.placement == "auto":
        yield fails(domain.name, "numad places its vCPUs, and its pins say otherwise.", evidence, fix=clear)
    else:
        yield holds(domain.name, "all pinned vCPUs are on", evidence)

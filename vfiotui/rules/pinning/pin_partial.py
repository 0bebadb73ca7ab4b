"""Every vCPU of a pinned guest has one CPU of its own.

Expected
    Where one vCPU is pinned, each of them has a vcpupin with exactly one host CPU.
Why
    A vCPU that floats among the pinned ones runs where they run, and stops them.
How it is read
    <vcpupin> and <vcpu>.
Fix
    Pin each vCPU to one CPU.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, cputune.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("PIN-PARTIAL", Severity.WARN, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins:
        return
    fixed = len(domain.fixed_pins)
    evidence = seen(domain.source, f"{domain.vcpus_on} vCPUs on, {fixed} of them pinned to one CPU")
    if fixed < domain.vcpus_on:
        yield fails(
            domain.name,
            f"vCPUs without a CPU of their own: {domain.vcpus_on - fixed} of {domain.vcpus_on}.",
            evidence,
            fix=fix("pin each vCPU to one CPU", Risk.R2, ("pin.propose", domain.name)),
        )
    else:
        yield holds(domain.name, f"all {domain.vcpus_on} vCPUs are pinned", evidence)

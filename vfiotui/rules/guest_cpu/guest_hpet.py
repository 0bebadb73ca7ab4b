"""A Windows guest has no HPET.

Expected
    <timer name='hpet' present='no'/> is in <clock>.
Why
    Where Windows finds an HPET it may use it, and each read of it is a VM exit.
How it is read
    <clock>.
Fix
    Switch the HPET off.
Valid for
    Windows guests on KVM.
Sources
    libvirt formatdomain, clock.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-HPET", Severity.INFO, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.is_windows or not domain.uses_kvm or not domain.boot.is_x86:
        return
    if domain.clock.present("hpet") is False:
        yield holds(domain.name, "there is no HPET", seen(domain.source, "timer hpet present no"))
    else:
        yield fails(
            domain.name,
            "It has an HPET: each read is a VM exit.",
            seen(domain.source, "hpet is not switched off"),
            fix=fix("switch the HPET off", Risk.R2, ("domain.timer", "hpet=no")),
        )

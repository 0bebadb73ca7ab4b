"""A Windows guest has Hyper-V's clock.

Expected
    <timer name='hypervclock' present='yes'/> is in <clock>.
Why
    Without it Windows reads an emulated timer for every look at the clock: thousands of exits in a second,
    and stutter.
How it is read
    <clock>.
Fix
    Add the timer.
Valid for
    Windows guests on KVM.
Sources
    QEMU docs, system/i386/hyperv, hv-time; libvirt formatdomain, clock.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-HYPERVCLOCK", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.is_windows or not domain.uses_kvm or not domain.boot.is_x86:
        return
    if domain.clock.present("hypervclock") or domain.hyperv.chosen_by_libvirt:
        yield holds(domain.name, "Windows has Hyper-V's clock", seen(domain.source, "timer hypervclock"))
    else:
        yield fails(
            domain.name,
            "Windows has no hypervclock: it polls emulated timers instead.",
            seen(domain.source, "no timer hypervclock"),
            fix=fix("add the timer", Risk.R2, *in_xml(domain, ("domain.timer", "hypervclock=yes"))),
        )

"""evmcs is on only where it helps.

Expected
    The enlightenment evmcs is on only on Intel hosts, for guests that run Hyper-V themselves.
Why
    It is about nested VMX: AMD has none, and on Intel it takes posted interrupts away.
How it is read
    <hyperv> of <features>, vendor_id of /proc/cpuinfo.
Fix
    Switch it off unless the guest runs Hyper-V, WSL 2 or core isolation.
Valid for
    KVM guests.
Sources
    QEMU docs, system/i386/hyperv, hv-evmcs.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-EVMCS", Severity.WARN, needs=("cpu",), fires="guest-windows", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.hyperv.on:
        return
    if "evmcs" not in domain.hyperv.on:
        yield holds(domain.name, "evmcs is off", seen(domain.source, "no evmcs"))
        return
    vendor = known(known(facts.cpu).vendor)
    intel = vendor == "GenuineIntel"
    yield fails(
        domain.name,
        "evmcs is on: it only helps a guest that runs Hyper-V, and costs posted interrupts."
        if intel
        else "evmcs is on, and this host's processor is no Intel: it cannot work.",
        seen(domain.source, "evmcs on"),
        seen("/proc/cpuinfo", vendor),
        fix=fix("switch evmcs off", Risk.R2, *in_xml(domain, ("domain.hyperv.off", "evmcs"))),
        severity=Severity.INFO if intel else None,
    )

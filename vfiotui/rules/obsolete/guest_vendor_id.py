"""The vendor_id of hyperv can take effect.

Expected
    It has at most 12 characters, and another enlightenment is on beside it.
Why
    libvirt refuses a longer one. Alone it has no effect: Windows then never asks for it.
How it is read
    <vendor_id> of <hyperv>.
Fix
    Shorten it, or take it away: drivers since 465 do not need it.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hyperv; QEMU docs, system/i386/hyperv.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen

LIMIT = 12


@guest_rule("GUEST-VENDOR-ID", Severity.FAIL, fires="guest-windows", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    value = domain.hyperv.vendor_id
    if value is None:
        if domain.hyperv.mode:
            yield holds(domain.name, "no vendor_id is set", seen(domain.source, "no vendor_id"))
        return
    evidence = seen(domain.source, f"vendor_id {value!r}")
    drop = fix("shorten it or take it away", Risk.R2, ("domain.hyperv.vendor-id", ""))
    if len(value) > LIMIT:
        yield fails(
            domain.name, f"Its vendor_id has {len(value)} characters, and {LIMIT} are allowed.", evidence, fix=drop
        )
    elif not domain.hyperv.on - {"vendor_id"}:
        yield fails(
            domain.name,
            "Its vendor_id has no effect, because no other enlightenment is on.",
            evidence,
            fix=drop,
            severity=Severity.INFO,
        )
    else:
        yield holds(domain.name, f"the vendor_id has {len(value)} characters", evidence)

"""Arguments past libvirt are in their namespace.

Expected
    <commandline> is an element of http://libvirt.org/schemas/domain/qemu/1.0.
Why
    Without the namespace libvirt drops the element silently when the guest is defined: what was written there
    has no effect.
How it is read
    The domain's XML.
Fix
    Add xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' to <domain> and write <qemu:commandline>.
Valid for
    QEMU guests.
Sources
    libvirt drvqemu, pass-through of arbitrary QEMU commands.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, seen


@guest_rule("GUEST-QEMU-NAMESPACE", Severity.WARN, fires="guest-qemu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.qemu.unnamed:
        yield fails(
            domain.name,
            "Its <commandline> has no namespace: libvirt passes it over.",
            seen(domain.source, "<commandline>"),
            fix=by_hand(
                ByHand.CHOICE,
                "remove it, or write qemu:commandline with its namespace where the guest is to get these arguments",
                Risk.R2,
            ),
        )
    elif domain.qemu.arguments or domain.qemu.environment:
        yield holds(domain.name, "qemu:commandline is in its namespace", seen(domain.source, "qemu:commandline"))

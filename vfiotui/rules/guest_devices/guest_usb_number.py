"""USB devices are not named by their number.

Expected
    No USB hostdev has <address bus= device=/>.
Why
    The number changes with every plugging and at boot: the guest then gets another device, or does not start.
How it is read
    <source> of USB hostdevs.
Fix
    Name it by vendor and product, or by its port.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hostdev.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-USB-NUMBER", Severity.WARN, fires="guest-usb", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    usb = [h for h in domain.hostdevs if h.kind == "usb"]
    numbered = [h for h in usb if h.usb_by == "number"]
    for hostdev in numbered:
        yield fails(
            domain.name,
            f"The USB device {hostdev.address} is named by a number that changes with every plugging.",
            seen(domain.source, f"USB hostdev {hostdev.address}"),
            fix=fix("name it by its ids", Risk.R2, ("domain.usb.ids", hostdev.address))
            if known(facts.virt).versions.libvirt_is((12, 0)) is False
            else fix("name it by its port or its ids", Risk.R2, ("domain.usb.port", hostdev.address)),
        )
    if usb and not numbered:
        yield holds(domain.name, "no USB device is named by its number", *(seen(domain.source, h.address) for h in usb))

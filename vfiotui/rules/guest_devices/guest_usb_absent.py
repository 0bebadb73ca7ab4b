"""USB devices of a guest are plugged in, or may be absent.

Expected
    A USB hostdev without startupPolicy='optional' is plugged in.
Why
    libvirt does not start the guest when such a device is unplugged.
How it is read
    <source> of USB hostdevs against /sys/bus/usb/devices.
Fix
    <source startupPolicy='optional'>.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hostdev startupPolicy.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_usb import passthrough_devices
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-USB-ABSENT", Severity.WARN, needs=("usb",), fires="guest-usb", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    strict = [h for h in domain.hostdevs if h.kind == "usb" and h.startup_policy in ("", "mandatory")]
    if not strict:
        return
    plugged = [d for c in known(facts.usb).controllers for d in c.devices]
    gone = [h for h in strict if not known(passthrough_devices(h, plugged))]
    for hostdev in gone:
        yield fails(
            domain.name,
            f"The USB device {hostdev.address} is not plugged in: it does not start without it.",
            seen(domain.source, f"USB hostdev {hostdev.address}, no startupPolicy"),
            seen("/sys/bus/usb/devices", f"{len(plugged)} devices, none of them {hostdev.address}"),
            fix=fix("let it be absent", Risk.R2, ("domain.usb.optional", hostdev.address)),
        )
    if not gone:
        yield holds(domain.name, "its USB devices are plugged in", *(seen(domain.source, h.address) for h in strict))

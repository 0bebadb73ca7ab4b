"""A USB device that is named by its ids is the only one of its kind.

Expected
    A USB hostdev with vendor and product matches one plugged device.
Why
    libvirt refuses it with two: 'multiple USB devices for'. It must be named by its port then.
How it is read
    <source> of USB hostdevs against /sys/bus/usb/devices.
Fix
    Name it with <address bus= port=/>.
Valid for
    Every libvirt; port since the schema of libvirt 12, else device.
Sources
    libvirt formatdomain, hostdev; libvirt src/util/virusb.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_usb import matches
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen

IDS = tuple(f"/sys/bus/usb/devices/*/{name}" for name in ("idVendor", "idProduct"))


@guest_rule("GUEST-USB-TWINS", Severity.FAIL, needs=("usb",), fires="guest-usb", silent="guest-fine", reads=IDS)
def check(facts: Facts, domain: Domain) -> Answers:
    named = [h for h in domain.hostdevs if h.usb_by == "ids" and h.kind == "usb"]
    if not named:
        return
    plugged = [d for c in known(facts.usb).controllers for d in c.devices]
    alike = {h.address: [d.path for d in plugged if matches(h, d) is True] for h in named}
    twins = {address: paths for address, paths in alike.items() if len(paths) > 1}
    # The port of a USB device is read since libvirt 12.0.
    ports = known(facts.virt).versions.libvirt_is((12, 0))
    for address, paths in twins.items():
        yield fails(
            domain.name,
            f"{len(paths)} plugged devices are {address}: libvirt does not know which one is meant.",
            seen(domain.source, f"USB hostdev {address}"),
            *(seen(f"/sys/bus/usb/devices/{path}", address) for path in paths),
            fix=fix("name it by its port", Risk.R2, ("domain.usb.port", address))
            if ports is True
            else fix("name it by its bus and device number, which change when it is plugged in again", Risk.R2),
        )
    if not twins:
        yield holds(domain.name, "its USB ids are each of one device", seen(domain.source, " ".join(alike)))

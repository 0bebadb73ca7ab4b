"""Every PCI device of a guest is on this host.

Expected
    The source address of each PCI hostdev is a function that the kernel lists.
Why
    The guest does not start, or is given another device: addresses change when cards move or firmware is
    updated.
How it is read
    <source><address> of hostdevs, hexadecimal, octal or decimal as libvirt reads them, against
    /sys/bus/pci/devices.
Fix
    Give the device under its present address, or take the entry away.
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


@guest_rule("GUEST-DEVICE-ABSENT", Severity.FAIL, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    bus = known(facts.pci)
    gone = [h.address for h in domain.pci_hostdevs if bus.get(h.address) is None]
    for address in gone:
        yield fails(
            domain.name,
            f"It is given {address}, and this host has no such device: it does not start.",
            seen(domain.source, f"hostdev {address}"),
            seen("/sys/bus/pci/devices", f"{len(bus.devices)} functions, none at {address}"),
            fix=fix("give the device under its present address", Risk.R2, ("domain.hostdev.drop", address)),
        )
    if not gone:
        yield holds(
            domain.name,
            f"all of its {len(domain.pci_hostdevs)} PCI devices are here",
            seen(domain.source, " ".join(h.address for h in domain.pci_hostdevs)),
        )

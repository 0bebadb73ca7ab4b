"""No guest is given a bridge.

Expected
    No PCI hostdev is a host, ISA or PCI bridge.
Why
    A bridge in the group of a card is normal and stays with the kernel; vfio-pci refuses it, and the guest
    does not start.
How it is read
    Class of the hostdevs below /sys/bus/pci/devices.
Fix
    Take the bridge away from the guest.
Valid for
    Every kernel.
Sources
    drivers/vfio/pci/vfio_pci_core.c; drivers/pci/pcie/portdrv.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import devices_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-BRIDGE", Severity.FAIL, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    given = known(devices_of(domain, known(facts.pci)))
    bridges = [d for d in given if d.is_bridge]
    for bridge in bridges:
        yield fails(
            domain.name,
            f"It is given the bridge {bridge.bdf} ({bridge.name}): a bridge cannot be passed through.",
            seen(domain.source, f"hostdev {bridge.bdf}"),
            seen(f"/sys/bus/pci/devices/{bridge.bdf}/class", f"{bridge.class16:04x}"),
            fix=fix("take the bridge away", Risk.R2, ("domain.hostdev.drop", bridge.bdf)),
        )
    if given and not bridges:
        yield holds(domain.name, "no bridge among its devices", seen(domain.source, " ".join(d.bdf for d in given)))

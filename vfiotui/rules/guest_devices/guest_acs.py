"""A guest's device is not behind a switch without access control.

Expected
    No downstream port above a given device lacks the ACS capability.
Why
    Devices behind such a switch reach each other past the IOMMU, and the kernel puts them into one group for
    it. libvirt's own check, relaxed_acs_check, is asked only for drivers other than vfio.
How it is read
    Ports above the hostdevs: kind and ACS capability in their configuration space.
Fix
    Use a slot of the CPU's root ports, or give the guest everything behind the switch.
Valid for
    PCI Express.
Sources
    libvirt src/hypervisor/virhostdev.c; libvirt src/util/virpci.c, virPCIDeviceIsBehindSwitchLackingACS.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import devices_of
from vfiotui.model.pci.functions import PciDevice
from vfiotui.model.pci.slot_location import way_up
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen


@guest_rule("GUEST-ACS", Severity.INFO, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    bus = known(facts.pci)
    given = known(devices_of(domain, bus))
    bare = {d.bdf: p.bdf for d in given for p in way_up(d, bus) if _lacks_acs(p)}
    for device, port in bare.items():
        yield fails(
            domain.name,
            f"{device} is behind the switch port {port}, which has no access control.",
            seen(f"/sys/bus/pci/devices/{port}/config", "downstream port without ACS"),
            fix=by_hand(ByHand.HARDWARE, "use a slot of a root port"),
        )
    if given and not bare:
        yield holds(domain.name, "no switch without access control above its devices", seen(domain.source, "hostdevs"))


def _lacks_acs(port: PciDevice) -> bool:
    """A port of a switch that leads down and has no ACS; the check ends where its configuration was not read."""
    found = known(port.capabilities)
    return found.express is not None and found.express.kind == "Downstream Port" and known(found.acs) is None

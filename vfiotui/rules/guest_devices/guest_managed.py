"""A guest's devices are bound to vfio-pci when it starts.

Expected
    A PCI hostdev is managed, or its device is bound to vfio-pci already.
Why
    libvirt does not unbind what it does not manage: the guest does not start while the host's driver has the
    device.
How it is read
    managed of the hostdevs; the driver link below /sys/bus/pci/devices.
Fix
    Set managed='yes', or bind the device to vfio-pci at boot.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hostdev managed.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-MANAGED", Severity.WARN, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    own = [h for h in domain.pci_hostdevs if not h.managed]
    if not domain.pci_hostdevs:
        return
    bus = known(facts.pci)
    bound = {h.address: known(d.driver) for h in own if (d := bus.get(h.address)) is not None}
    # A virtual function of a vGPU is a device of VFIO, and stays with its driver.
    ready = {d.bdf for h in own if (d := bus.get(h.address)) is not None and known(d.vfio_device)}
    held = {
        address: driver or "no driver"
        for address, driver in bound.items()
        if "vfio" not in (driver or "") and address not in ready
    }
    for address, driver in held.items():
        yield fails(
            domain.name,
            f"{address} is not managed by libvirt and has {driver}: the guest cannot take it.",
            seen(domain.source, f"hostdev {address} managed no"),
            seen(f"/sys/bus/pci/devices/{address}/driver", driver),
            fix=fix("let libvirt manage it", Risk.R2, ("domain.hostdev.managed", address)),
        )
    if not held:
        yield holds(domain.name, "its devices are managed or bound", seen(domain.source, f"{len(own)} not managed"))

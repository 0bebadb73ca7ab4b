"""The PCI functions of this host that a guest is given."""

from __future__ import annotations

from vfiotui.model.domain import Domain
from vfiotui.model.pci import PciBus, PciDevice


def devices_of(domain: Domain, bus: PciBus) -> tuple[PciDevice, ...]:
    """Those that are on this host, in the order of the XML."""
    found = (bus.get(h.address) for h in domain.pci_hostdevs)
    return tuple(d for d in found if d is not None)


def displays_of(domain: Domain, bus: PciBus) -> tuple[PciDevice, ...]:
    """The graphics cards among them."""
    return tuple(d for d in devices_of(domain, bus) if d.is_display)


def above(device: PciDevice, bus: PciBus) -> tuple[PciDevice, ...]:
    """The bridges above a function, the nearest first."""
    found: list[PciDevice] = []
    parent = device.parent
    while parent is not None and (bridge := bus.get(parent)) is not None and bridge not in found:
        found.append(bridge)
        parent = bridge.parent
    return tuple(found)

"""The PCI functions of this host that a guest is given."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, then
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.functions import PciBus, PciDevice


def devices_of(domain: Domain, bus: PciBus) -> Reading[tuple[PciDevice, ...]]:
    """Those that are on this host, in the order of the XML; Unread where it is not known what one of them is."""
    found = (bus.get(h.address) for h in domain.pci_hostdevs)
    return all_of_known_kind(tuple(d for d in found if d is not None))


def displays_of(domain: Domain, bus: PciBus) -> Reading[tuple[PciDevice, ...]]:
    """The graphics cards among them."""
    return then(devices_of(domain, bus), lambda found: tuple(d for d in found if d.is_display))


def all_of_known_kind(devices: tuple[PciDevice, ...]) -> Reading[tuple[PciDevice, ...]]:
    """The devices; Unread where the class of one of them could not be read."""
    unread = next((d.class_code for d in devices if isinstance(d.class_code, Unread)), None)
    return devices if unread is None else unread

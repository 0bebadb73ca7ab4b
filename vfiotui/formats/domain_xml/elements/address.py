"""<address>: where a device sits, in the guest or below <source> on the host."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.domain_xml.declared import Part, Switch, Word
from vfiotui.formats.domain_xml.words import LONGEST, pci_address
from vfiotui.formats.domain_xml.xml_text import Element


class PciAddress(Part):
    """A function of a PCI device."""

    domain = Word("domain", "PCI: its segment", "0")
    bus = Word("bus", "PCI, USB: its bus")
    slot = Word("slot", "PCI: the device on the bus")
    function = Word("function", "PCI: the function of the device")

    @property
    def pci(self) -> str | None:
        """The full PCI address: "0000:0b:00.0"; None where it is missing or damaged."""
        words = (self.domain, self.bus, self.slot, self.function)
        return None if sum(map(len, words)) > LONGEST else pci_address(*words)


class Address(PciAddress):
    """The place of a device in the guest; libvirt finds one for a device without it."""

    path = "devices/*/address"
    multifunction = Switch("multifunction", "whether other functions follow")


class PassedAddress(PciAddress):
    """Which device of the host it is."""

    type = Word("type", "pci, usb, mdev, …", "pci")

    @classmethod
    def damage(cls, element: Element) -> Iterator[tuple[str, str]]:
        """An address that is no PCI address as a whole."""
        address = cls(element)
        if address.type == "pci" and address.pci is None and {"bus", "slot"} <= element.attributes.keys():
            yield "", ":".join(element.get(name) for name in ("domain", "bus", "slot", "function"))


class HostAddress(PassedAddress):
    """Which device of the host a <hostdev> is."""

    path = "devices/hostdev/source/address"
    port = Word("port", "USB: ports on the way from the bus, such as 1.4")
    device = Word("device", "USB: number of the device since it was plugged in")
    uuid = Word("uuid", "mediated device: its UUID")


class InterfaceAddress(PassedAddress):
    """Which device of the host a network card is."""

    path = "devices/interface/source/address"


class ActualAddress(PassedAddress):
    """Which device of the host a network gave to a running guest."""

    path = "devices/interface/actual/source/address"


class DiskAddress(PassedAddress):
    """Which NVMe drive of the host a disk is."""

    path = "devices/disk/source/address"

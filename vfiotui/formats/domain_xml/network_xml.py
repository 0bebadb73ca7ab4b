"""Network XML of libvirt, as far as it passes devices through (libvirt.org/formatnetwork.html)."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part, Word
from vfiotui.formats.domain_xml.elements.address import PciAddress
from vfiotui.formats.domain_xml.elements.domain import Name
from vfiotui.formats.domain_xml.xml_text import XmlText
from vfiotui.model.guest.host_network import HostNetwork


class Forward(Part):
    """How the network reaches others."""

    path = "forward"
    mode = Word("mode", "nat, route, bridge, hostdev, …")


class Card(Part):
    """A card whose virtual functions are passed through."""

    path = "forward/pf"
    dev = Word("dev", "its name on the host")


class Passed(PciAddress):
    """A function that is passed through."""

    path = "forward/address"
    type = Word("type", "pci")


def parse_network(xml: str) -> HostNetwork:
    """The network that the XML describes; raises ValueError with a sentence."""
    root = XmlText(xml).root
    if root.tag != "network":
        raise ValueError(f"the XML is no network but <{root.tag[:40]}>")
    network = Part(root)
    passed = (address.pci for address in Passed.each(network) if address.type == "pci")
    return HostNetwork(
        Name.of(network).value,
        Forward.of(network).mode == "hostdev",
        tuple(address for address in passed if address is not None),
        tuple(card.dev for card in Card.each(network)),
    )

"""Network XML of libvirt, as far as it passes devices through (libvirt.org/formatnetwork.html)."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import attribute, pci_address
from vfiotui.formats.domain_xml.xml_text import XmlText
from vfiotui.model.guest.host_network import HostNetwork


def parse_network(xml: str) -> HostNetwork:
    """The network that the XML describes; raises ValueError with a sentence."""
    network = XmlText(xml).root
    if network.tag != "network":
        raise ValueError(f"the XML is no network but <{network.tag[:40]}>")
    forward = network.find("forward")
    found = [] if forward is None else [pci_address(a) for a in forward.all("address") if a.get("type") == "pci"]
    return HostNetwork(
        "" if (name := network.find("name")) is None else name.text,
        attribute(forward, "mode") == "hostdev",
        tuple(a for a in found if a is not None),
        () if forward is None else tuple(attribute(p, "dev") for p in forward.all("pf")),
    )

"""Network XML of libvirt, as far as it passes devices through (libvirt.org/formatnetwork.html)."""

from __future__ import annotations

from vfiotui.formats.domain_xml.domain_xml import parse_element
from vfiotui.formats.domain_xml.words import attribute, pci_address
from vfiotui.model.guest.host_network import HostNetwork


def parse_network(xml: str) -> HostNetwork:
    """The network that the XML describes; raises ValueError with a sentence."""
    network = parse_element(xml)
    if network.tag != "network":
        raise ValueError(f"the XML is no network but <{network.tag[:40]}>")
    forward = network.find("forward")
    found = [] if forward is None else [pci_address(a) for a in forward.findall("address") if a.get("type") == "pci"]
    return HostNetwork(
        network.findtext("name") or "",
        attribute(forward, "mode") == "hostdev",
        tuple(a for a in found if a is not None),
        () if forward is None else tuple(attribute(p, "dev") for p in forward.findall("pf")),
    )

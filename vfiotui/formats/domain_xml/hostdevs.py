"""The host's devices in domain XML, under whichever element they are passed: hostdev, interface, disk, QEMU's own line.

libvirt formatdomain: "Host device assignment", "Network interfaces" (hostdev), "Hard drives" (nvme); QEMU's vfio-pci.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from vfiotui.formats.domain_xml.words import attribute, number, pci_address
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.guest.domain_devices import Hostdev
from vfiotui.model.guest.host_network import GuestNetwork

VFIO_DEVICE = re.compile(r"\s*(?:\{.*[\"']driver[\"']\s*:\s*[\"'])?vfio-pci(?=[,\"'\s]|$)", re.S)
VFIO_HOST = re.compile(
    r"(?:host|sysfsdev)[\"']?\s*[=:]\s*[\"']?(?:/sys/bus/pci/devices/)?"
    r"(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])"
)


def _pci(element: Element, source: Element | None, managed: str, by: str) -> Hostdev | None:
    address = None if source is None else pci_address(source.find("address"))
    rom, place = element.find("rom"), element.find("address")
    if address is None:
        return None
    return Hostdev(
        "pci",
        address,
        managed == "yes",
        # A disk's own address is that of the controller's drive, not of a function.
        "" if by == "disk" else pci_address(place) or "",
        attribute(rom, "file"),
        attribute(rom, "bar") != "off",
        attribute(place, "multifunction") == "on",
        attribute(element.find("driver"), "iommufd") == "yes",
        by=by,
    )


def _usb(element: Element, source: Element) -> Hostdev | None:
    managed, policy = element.get("managed") == "yes", source.get("startupPolicy", "")
    place = source.find("address")
    if place is not None:
        bus, port = place.get("bus", "?"), place.get("port")
        address = f"{bus}-{port}" if port else f"{bus}:{place.get('device') or '?'}"
        return Hostdev("usb", address, managed, startup_policy=policy)
    ids = [number(attribute(source.find(k), "id")) for k in ("vendor", "product")]
    if ids[0] is None or ids[1] is None or max(ids[0], ids[1]) > 0xFFFF:
        return None
    return Hostdev("usb", f"{ids[0]:04x}:{ids[1]:04x}", managed, startup_policy=policy)


def _mediated(element: Element, source: Element) -> Hostdev | None:
    uuid = attribute(source.find("address"), "uuid")
    return Hostdev("mdev", uuid, element.get("managed") == "yes") if uuid else None


def _hostdevs(domain: Element) -> Iterator[Hostdev | None]:
    for element in domain.all("devices/hostdev"):
        source = element.find("source")
        if source is None:
            continue
        match element.get("type", ""):
            case "pci":
                yield _pci(element, source, element.get("managed"), "hostdev")
            case "usb":
                yield _usb(element, source)
            case "mdev":
                yield _mediated(element, source)


def _interfaces(domain: Element) -> Iterator[Hostdev | None]:
    for element in domain.all("devices/interface"):
        # What a network gave to a running guest stands in <actual> of its status.
        actual = element.find("actual")
        given = element if actual is None else actual
        if given.get("type") == "hostdev":
            yield _pci(element, given.find("source"), given.get("managed"), "interface")


def _disks(domain: Element) -> Iterator[Hostdev | None]:
    for element in domain.all("devices/disk"):
        for source in element.below("source"):
            if source.get("type") == "pci":
                yield _pci(element, source, source.get("managed"), "disk")


def _line(arguments: tuple[str, ...]) -> Iterator[Hostdev]:
    for option, value in pairwise(arguments):
        host = VFIO_HOST.search(value) if option in ("-device", "--device") and VFIO_DEVICE.match(value) else None
        if host is not None:
            domain, bus, slot, function = host.groups()
            yield Hostdev("pci", f"{domain or '0000'}:{bus}:{slot}.{function}".lower(), False, by="commandline")


def hostdevs_of(domain: Element, arguments: tuple[str, ...] = ()) -> tuple[Hostdev, ...]:
    """PCI, USB and mediated devices of the host; one that is damaged or of another kind is left out.

    `arguments` are those that QEMU gets past libvirt.
    """
    found = (*_hostdevs(domain), *_interfaces(domain), *_disks(domain), *_line(arguments))
    return tuple(h for h in found if h is not None)


def networks_of(domain: Element) -> tuple[GuestNetwork, ...]:
    """The networks that decide at the guest's start what its interfaces are; none for those that have begun."""
    found = []
    for element in domain.all("devices/interface"):
        source = element.find("source")
        begun = element.find("actual") is not None or attribute(source, "bridge") or attribute(source, "portid")
        if element.get("type") == "network" and not begun:
            found.append(attribute(source, "network"))
    return tuple(GuestNetwork(name) for name in dict.fromkeys(found))

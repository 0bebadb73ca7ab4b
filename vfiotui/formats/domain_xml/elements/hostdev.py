"""The host's devices, under whichever element they are passed: <hostdev>, <interface>, <disk>, QEMU's own line.

libvirt formatdomain: "Host device assignment", "Network interfaces" (hostdev), "Hard drives" (nvme); QEMU's vfio-pci.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from vfiotui.formats.domain_xml.declared import Part, Switch, Word
from vfiotui.formats.domain_xml.elements.address import (
    ActualAddress,
    Address,
    DiskAddress,
    HostAddress,
    InterfaceAddress,
    PassedAddress,
)
from vfiotui.formats.domain_xml.elements.devices import Disk, DiskSource
from vfiotui.formats.domain_xml.words import number
from vfiotui.model.guest.domain_devices import Hostdev as Passed
from vfiotui.model.guest.host_network import GuestNetwork

VFIO_DEVICE = re.compile(r"\s*(?:\{.*[\"']driver[\"']\s*:\s*[\"'])?vfio-pci(?=[,\"'\s]|$)", re.S)
VFIO_HOST = re.compile(
    r"(?:host|sysfsdev)[\"']?\s*[=:]\s*[\"']?(?:/sys/bus/pci/devices/)?"
    r"(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])"
)


class Hostdev(Part):
    """A device of the host."""

    path = "devices/hostdev"
    order = ("driver", "source", "alias", "boot", "rom", "address")
    type = Word("type", "pci, usb, mdev, scsi, …")
    managed = Switch("managed", "whether libvirt takes it from its driver and gives it back", "yes", "no")


class HostdevSource(Part):
    """Which device it is."""

    path = "devices/hostdev/source"
    startup_policy = Word("startupPolicy", "mandatory, requisite or optional: whether the guest starts without it")


class UsbVendor(Part):
    """Who made a USB device."""

    path = "devices/hostdev/source/vendor"
    id = Word("id", "0x and four hexadecimal digits")


class UsbProduct(Part):
    """What a USB device is."""

    path = "devices/hostdev/source/product"
    id = Word("id", "0x and four hexadecimal digits")


class Rom(Part):
    """The option ROM that the guest sees."""

    path = "devices/*/rom"
    bar = Switch("bar", "whether it sees one")
    file = Word("file", "the image in place of the device's own")


class Driver(Part):
    """How the host drives a device while the guest has it."""

    path = "devices/hostdev/driver"
    iommufd = Switch("iommufd", "whether through iommufd", "yes", "no")


class Iommufd(Part):
    """iommufd for all devices of the host that do not say otherwise; libvirt 12.2 and later."""

    path = "iommufd"
    enabled = Switch("enabled", "whether they use it", "yes", "no")


class Interface(Part):
    """A network card."""

    path = "devices/interface"
    type = Word("type", "network, bridge, direct, hostdev, …")
    managed = Switch("managed", "of hostdev: whether libvirt takes it from its driver and gives it back", "yes", "no")


class InterfaceSource(Part):
    """What a network card is connected to."""

    path = "devices/interface/source"
    network = Word("network", "a network of libvirt")
    bridge = Word("bridge", "a bridge of the host")
    portid = Word("portid", "the network's port, once the guest runs")


class Actual(Interface):
    """What a network made of a network card when the guest was started."""

    path = "devices/interface/actual"


def _pci(device: Part, host: PassedAddress, managed: bool | None, by: str, iommufd: bool = False) -> Passed | None:
    address = host.pci
    if address is None:
        return None
    rom, place, own = Rom.of(device), Address.of(device), Driver.of(device).iommufd
    return Passed(
        "pci",
        address,
        managed is True,
        # A disk's own address is that of the controller's drive, not of a function.
        "" if by == "disk" else place.pci or "",
        rom.file,
        rom.bar is not False,
        place.multifunction is True,
        iommufd if own is None else own,
        by=by,
    )


def _usb(device: Hostdev, source: HostdevSource) -> Passed | None:
    managed, policy = device.managed is True, source.startup_policy
    place = HostAddress.of(source)
    if place.given:
        bus, port = place.bus or "?", place.port
        address = f"{bus}-{port}" if port else f"{bus}:{place.device or '?'}"
        return Passed("usb", address, managed, startup_policy=policy)
    vendor, product = number(UsbVendor.of(source).id), number(UsbProduct.of(source).id)
    if vendor is None or product is None or max(vendor, product) > 0xFFFF:
        return None
    return Passed("usb", f"{vendor:04x}:{product:04x}", managed, startup_policy=policy)


def _mediated(device: Hostdev, source: HostdevSource) -> Passed | None:
    uuid = HostAddress.of(source).uuid
    return Passed("mdev", uuid, device.managed is True) if uuid else None


def _hostdevs(domain: Part) -> Iterator[Passed | None]:
    whole = Iommufd.of(domain).enabled is True
    for device in Hostdev.each(domain):
        source = HostdevSource.of(device)
        match device.type if source.given else "":
            case "pci":
                yield _pci(device, HostAddress.of(source), device.managed, "hostdev", whole)
            case "usb":
                yield _usb(device, source)
            case "mdev":
                yield _mediated(device, source)


def _interfaces(domain: Part) -> Iterator[Passed | None]:
    for card in Interface.each(domain):
        # What a network gave to a running guest stands in <actual> of its status.
        actual = Actual.of(card)
        if actual.given and actual.type == "hostdev":
            yield _pci(card, ActualAddress.of(actual), actual.managed, "interface")
        elif not actual.given and card.type == "hostdev":
            yield _pci(card, InterfaceAddress.of(card), card.managed, "interface")


def _disks(domain: Part) -> Iterator[Passed | None]:
    for disk in Disk.each(domain):
        for element in disk.element.below("source") if disk.element is not None else ():
            source = DiskSource(element)
            if source.type == "pci":
                yield _pci(disk, DiskAddress.of(source), source.managed, "disk")


def _line(arguments: tuple[str, ...]) -> Iterator[Passed]:
    for option, value in pairwise(arguments):
        host = VFIO_HOST.search(value) if option in ("-device", "--device") and VFIO_DEVICE.match(value) else None
        if host is not None:
            domain, bus, slot, function = host.groups()
            yield Passed("pci", f"{domain or '0000'}:{bus}:{slot}.{function}".lower(), False, by="commandline")


def hostdevs_of(domain: Part, arguments: tuple[str, ...] = ()) -> tuple[Passed, ...]:
    """PCI, USB and mediated devices of the host; one that is damaged or of another kind is left out.

    `arguments` are those that QEMU gets past libvirt.
    """
    found = (*_hostdevs(domain), *_interfaces(domain), *_disks(domain), *_line(arguments))
    return tuple(h for h in found if h is not None)


def networks_of(domain: Part) -> tuple[GuestNetwork, ...]:
    """The networks that decide at the guest's start what its interfaces are; none for those that have begun."""
    found = []
    for card in Interface.each(domain):
        source = InterfaceSource.of(card)
        if card.type == "network" and not (Actual.of(card).given or source.bridge or source.portid):
            found.append(source.network)
    return tuple(GuestNetwork(name) for name in dict.fromkeys(found))

"""USB from sysfs (ABI/stable/sysfs-bus-usb): which controller carries which devices."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent, or_else
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.usb import Usb, UsbController, UsbDevice

DEVICES = "/sys/bus/usb/devices"
ROOT_HUB = re.compile(r"usb(\d{1,4})$")
DEVICE = re.compile(r"(\d{1,4})-[\d.]{1,40}$")
INTERFACE = re.compile(r":\d{1,3}\.\d{1,3}$")
HID, BOOT_KEYBOARD = 0x03, 0x01
PORT = re.compile(r"(?:usb(\d{1,4})|(\d{1,4}-[\d.]{1,40}))-port(\d{1,3})")
"""The folder of a port, named after its hub (drivers/usb/core/port.c)."""


def controller_of(root: Root, hub: str) -> str:
    """What a root hub hangs on: the PCI function in its real path, else the name of the device above it."""
    real = root.real(f"{DEVICES}/{hub}")
    parts = [] if isinstance(real, Unread) else real.split("/")
    pci = [p for p in parts if BDF.fullmatch(p)]
    return pci[-1] if pci else parts[-2] if len(parts) > 2 else "unknown"


def read_device(root: Root, name: str, bus: int, interfaces: list[str]) -> UsbDevice:
    """One device with what its interfaces say."""
    folder = f"{DEVICES}/{name}"
    classes, drivers, keyboard = set[int](), set[str](), False
    for interface in interfaces:
        kind = root.integer(f"{DEVICES}/{interface}/bInterfaceClass", 16)
        if isinstance(kind, int):
            classes.add(kind)
            protocol = root.integer(f"{DEVICES}/{interface}/bInterfaceProtocol", 16)
            keyboard = keyboard or (kind == HID and protocol == BOOT_KEYBOARD)
        driver = root.link(f"{DEVICES}/{interface}/driver")
        if isinstance(driver, str):
            drivers.add(driver.rpartition("/")[2])
    return UsbDevice(
        path=name,
        bus=bus,
        number=root.integer(f"{folder}/devnum"),
        vendor=root.integer(f"{folder}/idVendor", 16),
        product=root.integer(f"{folder}/idProduct", 16),
        manufacturer=root.text(f"{folder}/manufacturer", 4096),
        name=root.text(f"{folder}/product", 4096),
        speed=root.text(f"{folder}/speed", 4096),
        drivers=tuple(sorted(drivers)),
        interface_classes=tuple(sorted(classes)),
        keyboard=keyboard,
        ports=if_absent(root.integer(f"{folder}/maxchild"), 0),
    )


def port_name(folder: str) -> str:
    """The name that a device in a port would have, from the port's folder; empty where it is none.

    >>> port_name("usb1-port4"), port_name("1-2.3-port1"), port_name("power")
    ('1-4', '1-2.3.1', '')
    """
    match = PORT.fullmatch(folder)
    if match is None:
        return ""
    return f"{match[1]}-{match[3]}" if match[1] else f"{match[2]}.{match[3]}"


def read_peers(root: Root, interfaces: list[str]) -> Iterator[tuple[str, str]]:
    """Ports of some interfaces of hubs, each with its peer on the other bus (ABI/testing/sysfs-bus-usb)."""
    for interface in interfaces:
        for folder in or_else(root.names(f"{DEVICES}/{interface}"), ()):
            port = port_name(folder)
            target = root.link(f"{DEVICES}/{interface}/{folder}/peer") if port else ""
            other = port_name(target.rpartition("/")[2]) if isinstance(target, str) else ""
            if other:
                yield port, other


def read(root: Root) -> Reading[Usb]:
    """All controllers that have a bus, with their devices."""
    names = root.names(DEVICES)
    if isinstance(names, Unread):
        if names.why is Why.ABSENT and not root.names("/sys/bus"):
            return Unread("no bus is shown here", Why.NOT_HERE, DEVICES)
        return names
    interfaces: dict[str, list[str]] = {}
    for name in names:
        if INTERFACE.search(name):
            interfaces.setdefault(name.partition(":")[0], []).append(name)
    buses: dict[str, list[int]] = {}
    for hub in filter(None, map(ROOT_HUB.match, names)):
        buses.setdefault(controller_of(root, hub[0]), []).append(int(hub[1]))
    found = []
    for bdf, numbers in sorted(buses.items()):
        devices = tuple(
            read_device(root, match[0], int(match[1]), interfaces.get(match[0], []))
            for match in filter(None, map(DEVICE.match, or_else(names, ())))
            if int(match[1]) in numbers
        )
        roots = tuple(read_device(root, f"usb{n}", n, interfaces.get(f"{n}-0", [])) for n in sorted(numbers))
        hubs = [i for d in devices if d.is_hub for i in interfaces.get(d.path, [])]
        hubs += [i for n in numbers for i in interfaces.get(f"{n}-0", [])]
        found.append(UsbController(bdf, tuple(sorted(numbers)), devices, roots, tuple(read_peers(root, hubs))))
    return Usb(tuple(found))

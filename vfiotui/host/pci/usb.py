"""USB from sysfs (ABI/stable/sysfs-bus-usb): which controller carries which devices."""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.usb import Usb, UsbController, UsbDevice

DEVICES = "/sys/bus/usb/devices"
ROOT_HUB = re.compile(r"usb(\d{1,4})$")
DEVICE = re.compile(r"(\d{1,4})-[\d.]{1,40}$")
INTERFACE = re.compile(r":\d{1,3}\.\d{1,3}$")
HID, BOOT_KEYBOARD = 0x03, 0x01


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
    )


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
        found.append(UsbController(bdf, tuple(sorted(numbers)), devices))
    return Usb(tuple(found))

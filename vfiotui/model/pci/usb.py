"""USB controllers and the devices behind them."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass

DEVICE_PATH = re.compile(r"\d{1,4}-\d{1,3}(?:\.\d{1,3})*")
"""The kernel's name of a device that is no root hub: its bus, and the ports on the way to it."""


def device_in(place: str) -> str:
    """The USB device that a place in sysfs lies behind, by its kernel name; empty for none.

    >>> device_in("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.3/1-2.3:1.0/host6/block/sda/sda1")
    '1-2.3'
    """
    return next((part for part in reversed(place.split("/")) if DEVICE_PATH.fullmatch(part)), "")


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One USB device, a hub included."""

    path: str
    """The kernel's name: "1-2.3", or "usb1" for a root hub."""
    bus: int
    number: Reading[int]
    """devnum: changes with every plugging."""
    vendor: Reading[int]
    product: Reading[int]
    manufacturer: Reading[str]
    name: Reading[str]
    speed: Reading[str]
    """Mbit/s as sysfs prints it."""
    drivers: tuple[str, ...]
    """Drivers of its interfaces, sorted, without repetition."""
    interface_classes: tuple[int, ...] = ()
    keyboard: bool = False
    """One of its interfaces is a boot keyboard (class 03, protocol 01)."""
    ports: Reading[int] = 0
    """How many ports it has; 0 for what is no hub."""

    @property
    def is_hub(self) -> bool:
        """Whether it is a hub; root hubs too."""
        return self.path.startswith("usb") or 0x09 in self.interface_classes

    @property
    def parent(self) -> str:
        """The hub that it is plugged into: "1-2" for "1-2.3", "usb1" for "1-2"."""
        above, dot, _ = self.path.rpartition(".")
        return above if dot else f"usb{self.bus}"

    @property
    def chain(self) -> str:
        """The ports on the way to it, without the bus, whose number another boot may change: "2.3" for "1-2.3"."""
        return self.path.partition("-")[2]

    @property
    def ids(self) -> str:
        """Vendor and product as lsusb prints them; empty where one of them cannot be read."""
        if isinstance(self.vendor, int) and isinstance(self.product, int):
            return f"{self.vendor:04x}:{self.product:04x}"
        return ""

    @property
    def label(self) -> str:
        """Maker and name as the device says them; empty where it says none."""
        maker = self.manufacturer if isinstance(self.manufacturer, str) else ""
        name = self.name if isinstance(self.name, str) else ""
        return name if name.startswith(maker) else f"{maker} {name}".strip()


@dataclass(frozen=True, slots=True)
class UsbController:
    """A host controller and the buses that it serves."""

    bdf: str
    """PCI address, or the platform device's name where it is none."""
    buses: tuple[int, ...]
    devices: tuple[UsbDevice, ...]
    """Without the root hubs."""
    roots: tuple[UsbDevice, ...] = ()
    """The root hubs, one for each bus."""
    peers: tuple[tuple[str, str], ...] = ()
    """Ports that are one socket: its names on a bus of USB 2 and on one of USB 3, each pair in both orders."""

    def root(self, bus: int) -> UsbDevice | None:
        """The root hub of a bus."""
        return next((hub for hub in self.roots if hub.bus == bus), None)


@dataclass(frozen=True, slots=True)
class Usb:
    """All of USB."""

    controllers: tuple[UsbController, ...]

    @property
    def devices(self) -> tuple[UsbDevice, ...]:
        """The devices of all controllers, without the root hubs."""
        return tuple(d for c in self.controllers for d in c.devices)

    def controller_of(self, path: str) -> UsbController | None:
        """The controller of a bus, by the name of a port or device of it."""
        bus = path.removeprefix("usb").partition("-")[0]
        return next((c for c in self.controllers if bus.isdecimal() and int(bus) in c.buses), None)

"""USB controllers and the devices behind them."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass


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

    @property
    def is_hub(self) -> bool:
        """Whether it is a hub; root hubs too."""
        return self.path.startswith("usb") or 0x09 in self.interface_classes


@dataclass(frozen=True, slots=True)
class UsbController:
    """A host controller and the buses that it serves."""

    bdf: str
    """PCI address, or the platform device's name where it is none."""
    buses: tuple[int, ...]
    devices: tuple[UsbDevice, ...]
    """Without the root hubs."""


@dataclass(frozen=True, slots=True)
class Usb:
    """All of USB."""

    controllers: tuple[UsbController, ...]

"""Which plugged USB device a guest's hostdev means."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Reading, Unread, then
from vfiotui.model.guest.domain_devices import Hostdev
from vfiotui.model.pci.usb import UsbDevice


def matches(hostdev: Hostdev, device: UsbDevice) -> Reading[bool]:
    """Whether the hostdev means the device: by ids, by port, or by the number that it has now."""
    if hostdev.usb_by == "port":
        return device.path == hostdev.address
    if hostdev.usb_by == "ids":
        if isinstance(device.vendor, Unread):
            return device.vendor
        if isinstance(device.product, Unread):
            return device.product
        return f"{device.vendor:04x}:{device.product:04x}" == hostdev.address
    if not hostdev.address.startswith(f"{device.bus}:"):
        return False
    return then(device.number, lambda number: hostdev.address == f"{device.bus}:{number}")


def passthrough_devices(hostdev: Hostdev, devices: Iterable[UsbDevice]) -> Reading[tuple[UsbDevice, ...]]:
    """The devices that a hostdev means; Unread where it means none for sure and one could not be read."""
    said = [(d, matches(hostdev, d)) for d in devices]
    unread = next((m for _, m in said if isinstance(m, Unread)), None)
    found = tuple(d for d, m in said if m is True)
    return found if found or unread is None else unread

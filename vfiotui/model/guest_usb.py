"""Which plugged USB device a guest's hostdev means."""

from __future__ import annotations

from vfiotui.model.domain_devices import Hostdev
from vfiotui.model.reading import Unread
from vfiotui.model.usb import UsbDevice


def matches(hostdev: Hostdev, device: UsbDevice) -> bool:
    """Whether the hostdev means the device: by ids, by port, or by the number that it has now."""
    if hostdev.usb_by == "port":
        return device.path == hostdev.address
    if hostdev.usb_by == "ids":
        ids = (device.vendor, device.product)
        words = [f"{i:04x}" for i in ids if not isinstance(i, Unread)]
        return ":".join(words) == hostdev.address
    return hostdev.address == f"{device.bus}:{device.number}" and not isinstance(device.number, Unread)

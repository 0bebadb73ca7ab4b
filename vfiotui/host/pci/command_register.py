"""The command register of a PCI function."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why

COMMAND = 0x04
"""Its place in the configuration space; the first 64 bytes may be read without root."""


def read_command(root: Root, bdf: str) -> Reading[int]:
    """The 16 bits that say to what the function answers; ffff where it has fallen off the bus."""
    path = f"/sys/bus/pci/devices/{bdf}/config"
    data = root.read_within(path, limit=4096)
    if isinstance(data, Unread):
        return data
    if len(data) < COMMAND + 2:
        return Unread("is shorter than its first registers", Why.DAMAGED, path)
    return int.from_bytes(data[COMMAND : COMMAND + 2], "little")

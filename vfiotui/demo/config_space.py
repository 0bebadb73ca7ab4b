"""A configuration space with the capabilities that passthrough looks at."""

from __future__ import annotations

from vfiotui.demo.description import PciDesc

BRIDGE_HEADER = 1


def config_space(device: PciDesc) -> bytes:
    """256 bytes, or 4096 for a PCI Express device."""
    if device.dead:
        return b"\xff" * 256
    space = bytearray(4096)

    def put(place: int, size: int, value: int) -> None:
        space[place : place + size] = value.to_bytes(size, "little")

    put(0x00, 2, device.vendor)
    put(0x02, 2, device.device)
    put(0x04, 2, 0x0406)
    put(0x06, 2, 0x0010)
    put(0x08, 1, device.revision)
    put(0x09, 3, device.class_code)
    bridge = device.class_code >> 8 == 0x0604
    put(0x0E, 1, (BRIDGE_HEADER if bridge else 0) | 0x80)
    if not bridge:
        put(0x2C, 2, device.subsystem[0])
        put(0x2E, 2, device.subsystem[1])
    put(0x34, 1, 0x40)
    # Power management (NoSoftRst set), MSI, PCI Express: one after the other.
    put(0x40, 2, 0x5001)
    put(0x44, 2, 0x0008)
    put(0x50, 2, 0x7005)
    put(0x52, 2, 0x0081 if device.msi else 0x0080)
    put(0x70, 2, 0x0010)
    put(0x72, 2, device.express << 4 | 2)
    put(0x74, 4, (1 << 28 if device.flr else 0) | 0x8001)
    if device.acs:
        put(0x100, 4, 0x0001000D)
        put(0x104, 2, 0x005F)
        put(0x106, 2, 0x001D)
    return bytes(space)

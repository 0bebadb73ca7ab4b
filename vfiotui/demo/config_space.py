"""A configuration space with the capabilities that passthrough looks at (PCI Express base specification)."""

from __future__ import annotations

from vfiotui.demo.description import PciDesc

BRIDGE = 0x0604
POWER, MSI, EXPRESS = 0x40, 0x50, 0x70
"""Where the capabilities lie; each names the next."""
ACS, REBAR, SRIOV = 0x000D, 0x0015, 0x0010
GENERATIONS = {"2.5": 1, "5.0": 2, "8.0": 3, "16.0": 4, "32.0": 5}
"""Link speed in GT/s → its code in the link registers."""
CONVENTIONAL = -1


class Space:
    """Bytes that are written as little-endian numbers."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self._last, self._next = 0, 0x100

    def put(self, place: int, size: int, value: int) -> None:
        """A number of `size` bytes."""
        self.data[place : place + size] = value.to_bytes(size, "little")

    def extend(self, kind: int, size: int) -> int:
        """Adds an extended capability behind the last one and returns its place."""
        here, self._next = self._next, self._next + size
        if self._last:
            # The one before learns where this one is: bits 20-31 of its header.
            before = self.data[self._last : self._last + 4]
            self.put(self._last, 4, int.from_bytes(before, "little") | here << 20)
        self._last = here
        self.put(here, 4, 1 << 16 | kind)
        return here


def config_space(device: PciDesc, resources: list[str], buses: tuple[int, int]) -> bytes:
    """256 bytes, or 4096 for a PCI Express device.

    `resources` are the lines of its file `resource`, `buses` the first and last bus below a bridge.
    """
    express = device.express != CONVENTIONAL
    size = 4096 if express else 256
    if device.dead:
        return b"\xff" * size
    space = Space(size)
    bridge = device.class_code >> 8 == BRIDGE
    space.put(0x00, 2, device.vendor)
    space.put(0x02, 2, device.device)
    space.put(0x04, 2, 0x0406)
    space.put(0x06, 2, 0x0010)
    space.put(0x08, 1, device.revision)
    space.put(0x09, 3, device.class_code)
    space.put(0x0E, 1, 1 if bridge else 0)
    if bridge:
        space.put(0x18, 1, int(device.bdf[-7:-5], 16))
        space.put(0x19, 1, buses[0])
        space.put(0x1A, 1, buses[1])
    else:
        _bars(space, resources)
        space.put(0x2C, 2, device.subsystem[0])
        space.put(0x2E, 2, device.subsystem[1])
    space.put(0x34, 1, POWER)
    space.put(POWER, 2, MSI << 8 | 0x01)
    space.put(POWER + 4, 2, 0x0008)  # NoSoftRst
    space.put(MSI, 2, (EXPRESS if express else 0) << 8 | 0x05)
    space.put(MSI + 2, 2, 0x0081 if device.msi else 0x0080)
    if express:
        _express(space, device)
        _extended(space, device)
    return bytes(space.data)


def _bars(space: Space, resources: list[str]) -> None:
    for index, line in enumerate(resources[:6]):
        start, _, flags = (int(word, 16) for word in line.split())
        if not flags:
            continue
        # The low bits of the register are those of the flags: 64 bits wide, prefetchable.
        wide = flags >> 20 & 1
        space.put(
            0x10 + 4 * index, 8 if wide and index < 5 else 4, start & (1 << (64 if wide else 32)) - 1 | flags & 0xF
        )


def _express(space: Space, device: PciDesc) -> None:
    space.put(EXPRESS, 2, 0x10)
    space.put(EXPRESS + 2, 2, device.express << 4 | 2)
    space.put(EXPRESS + 4, 4, (1 << 28 if device.flr else 0) | 0x8001)
    if device.link:
        speed, width, max_speed, max_width = device.link
        space.put(EXPRESS + 0x0C, 4, GENERATIONS.get(max_speed.split()[0], 1) | max_width << 4)
        space.put(EXPRESS + 0x12, 2, GENERATIONS.get(speed.split()[0], 1) | width << 4)


def _extended(space: Space, device: PciDesc) -> None:
    if device.acs:
        here = space.extend(ACS, 8)
        space.put(here + 4, 2, 0x005F)
        space.put(here + 6, 2, device.acs_control)
    if device.resizable:
        here = space.extend(REBAR, 4 + 8 * len(device.resizable))
        for n, (bar, mask) in enumerate(sorted(device.resizable.items())):
            space.put(here + 4 + 8 * n, 4, mask << 4 & 0xFFFFFFFF)
            now = min((bit for bit in range(28) if mask >> bit & 1), default=0)
            space.put(here + 8 + 8 * n, 4, now << 8 | len(device.resizable) << 5 | bar)
    if device.virtual_functions:
        here = space.extend(SRIOV, 0x40)
        space.put(here + 0x0C, 2, device.virtual_functions)
        space.put(here + 0x0E, 2, device.virtual_functions)

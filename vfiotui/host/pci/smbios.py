"""The names that a board gives its slots: structures of type 9 (DMTF DSP0134, System Slots), readable by root alone.

The kernel's module dmi-sysfs shows each structure alone; the whole table is there without it. Every length is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.slot_location import way_up

ENTRIES, TABLE = "/sys/firmware/dmi/entries", "/sys/firmware/dmi/tables/DMI"
LIMIT, TABLE_LIMIT = 1 << 14, 1 << 20
SLOT, END = 9, 127
HEADER, WITH_ADDRESS = 4, 0x11
"""Bytes of a header; of a structure of type 9 that has an address (SMBIOS 2.6 and later)."""
NO_BUS = 0xFF
ENTRY = re.compile(r"9-\d{1,4}")
LONGEST = 60

Structure = tuple[int, bytes, tuple[bytes, ...]]
"""Type, the formatted part with its header, the strings behind it."""


def structures(data: bytes) -> Iterator[Structure]:
    """Every whole structure of a table; one that leaves the table ends the walk, as the end-of-table structure does."""
    place = 0
    while place + HEADER <= len(data):
        kind, length = data[place], data[place + 1]
        end = data.find(b"\0\0", place + length)
        if length < HEADER or end < 0 or kind == END:
            return
        yield kind, data[place : place + length], tuple(data[place + length : end].split(b"\0"))
        place = end + 2


def slot_names(data: bytes) -> Iterator[tuple[str, str]]:
    """Address, as "0000:01:00.0", and name of each slot that has both."""
    for kind, part, texts in structures(data):
        if kind != SLOT or len(part) < WITH_ADDRESS or part[15] == NO_BUS or not 0 < part[4] <= len(texts):
            continue
        name = " ".join(texts[part[4] - 1].decode("ascii", "replace").split())[:LONGEST]
        segment, bus, where = int.from_bytes(part[13:15], "little"), part[15], part[16]
        if name:
            yield f"{segment:04x}:{bus:02x}:{where >> 3:02x}.{where & 7}", name


def read(root: Root) -> Reading[Mapping[str, str]]:
    """The names by address; an address with two names has none. Unread where root alone may read them."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for data in _sources(root):
        if isinstance(data, Unread):
            if data.why is Why.ABSENT:
                continue
            return data
        for address, name in slot_names(data):
            if found.setdefault(address, name) != name:
                twice.add(address)
    return {address: name for address, name in found.items() if address not in twice}


def _sources(root: Root) -> Iterator[Reading[bytes]]:
    """The structures of type 9, each alone where the kernel shows them so; else the whole table."""
    listed = root.names(ENTRIES)
    entries = () if isinstance(listed, Unread) else sorted(n for n in listed if ENTRY.fullmatch(n))
    for name in entries:
        yield root.bytes(f"{ENTRIES}/{name}/raw", LIMIT)
    if not entries:
        yield root.bytes(TABLE, TABLE_LIMIT)


def name_of(device: PciDevice, bus: PciBus, names: Mapping[str, str]) -> str | None:
    """The board's name for the slot of a device: by its own address, else by that of a bridge above it.

    Boards give the address of the card or of the port that it hangs on. The ports of one device number are slots of
    their own; the functions of a card share one.
    """
    if not device.is_bridge:
        mine = next((name for address, name in names.items() if address.rpartition(".")[0] == device.slot), None)
        if mine is not None:
            return mine
    places = (device.bdf, *(bridge.bdf for bridge in way_up(device, bus)))
    return next((names[place] for place in places if place in names), None)

"""The ACPI tables DMAR and IVRS from their bytes; every length is checked before it is believed.

DMAR: Intel VT-d specification, chapter 8. IVRS: AMD I/O Virtualization specification, chapter 5.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.pci.iommu import Dmar, Drhd, Ivhd, Ivrs, Rmrr, Scope

HEADER = 36
DMAR_START = IVRS_START = 48
DRHD, RMRR, ATSR, RHSA, ANDD, SATC = 0, 1, 2, 3, 4, 5
IVHD_TYPES, IVMD_TYPES = (0x10, 0x11, 0x40), (0x20, 0x21, 0x22)


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")


def _checked(data: bytes, signature: bytes, start: int) -> Reading[bytes]:
    """The table's own bytes, or why they are none."""
    if data[:4] != signature:
        return Unread(f"is no {signature.decode()} table", Why.DAMAGED)
    length = _number(data, 4, 4)
    if length < start or length > len(data):
        return Unread(f"claims {length} bytes and has {len(data)}", Why.DAMAGED)
    return data[:length]


def _blocks(data: bytes, start: int, header: int) -> Iterator[tuple[int, bytes]]:
    """Type and bytes of every block; a block that is shorter than its header or leaves the table ends the walk.

    DMAR counts types in two bytes, IVRS in one; the length lies in bytes 2 and 3 of both.
    """
    place = start
    while place + header <= len(data):
        length = _number(data, place + 2, 2)
        if length < header or place + length > len(data):
            return
        block = data[place : place + length]
        yield _number(block, 0, 2 if header == 4 and start == DMAR_START and data[:4] == b"DMAR" else 1), block
        place += length


def _scopes(block: bytes, start: int) -> tuple[Scope, ...]:
    found = []
    place = start
    while place + 6 <= len(block):
        length = block[place + 1]
        if length < 6 or place + length > len(block):
            break
        hops = block[place + 6 : place + length]
        path = tuple(f"{hops[i]:02x}.{hops[i + 1]:x}" for i in range(0, len(hops) - 1, 2))
        found.append(Scope(block[place], block[place + 5], path))
        place += length
    return tuple(found)


def parse_dmar(data: bytes) -> Reading[Dmar]:
    """The table, or Unread with what is wrong with it."""
    table = _checked(data, b"DMAR", DMAR_START)
    if isinstance(table, Unread):
        return table
    drhd: list[Drhd] = []
    rmrr: list[Rmrr] = []
    counts = dict.fromkeys((ATSR, RHSA, ANDD, SATC), 0)
    for kind, block in _blocks(table, DMAR_START, 4):
        if kind == DRHD and len(block) >= 16:
            drhd.append(Drhd(block[4], _number(block, 6, 2), _number(block, 8, 8), _scopes(block, 16)))
        elif kind == RMRR and len(block) >= 24:
            rmrr.append(Rmrr(_number(block, 6, 2), _number(block, 8, 8), _number(block, 16, 8), _scopes(block, 24)))
        elif kind in counts:
            counts[kind] += 1
    return Dmar(
        host_address_width=table[36],
        flags=table[37],
        drhd=tuple(drhd),
        rmrr=tuple(rmrr),
        atsr=counts[ATSR],
        rhsa=counts[RHSA],
        andd=counts[ANDD],
        satc=counts[SATC],
        checksum_ok=sum(table) % 256 == 0,
        length=len(table),
    )


def parse_ivrs(data: bytes) -> Reading[Ivrs]:
    """The table, or Unread with what is wrong with it."""
    table = _checked(data, b"IVRS", IVRS_START)
    if isinstance(table, Unread):
        return table
    ivhd: list[Ivhd] = []
    ivmd = 0
    for kind, block in _blocks(table, IVRS_START, 4):
        if kind in IVHD_TYPES and len(block) >= 24:
            ivhd.append(
                Ivhd(
                    type=kind,
                    flags=block[1],
                    length=len(block),
                    device_id=_number(block, 4, 2),
                    base=_number(block, 8, 8),
                    segment=_number(block, 16, 2),
                    info=_number(block, 18, 2),
                )
            )
        elif kind in IVMD_TYPES:
            ivmd += 1
    return Ivrs(table[8], _number(table, 36, 4), tuple(ivhd), ivmd, sum(table) % 256 == 0, len(table))

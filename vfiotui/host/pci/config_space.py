"""Capabilities from a device's configuration space (PCI and PCI Express base specifications).

64 bytes, all that is given without root, say nothing of capabilities. Names are those of lspci.

The command register stands in the first 64 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.pci.functions import HEADER_ONLY, Acs, Capabilities, Express, RebarSize

EXPRESS_KINDS = {
    0x0: "Endpoint",
    0x1: "Legacy Endpoint",
    0x4: "Root Port",
    0x5: "Upstream Port",
    0x6: "Downstream Port",
    0x7: "PCI-Express to PCI/PCI-X Bridge",
    0x8: "PCI/PCI-X to PCI-Express Bridge",
    0x9: "Root Complex Integrated Endpoint",
    0xA: "Root Complex Event Collector",
}
ACS_BITS = ("SrcValid", "TransBlk", "ReqRedir", "CmpltRedir", "UpstreamFwd", "EgressCtrl", "DirectTrans")
POWER, MSI, EXPRESS, MSIX, ADVANCED = 0x01, 0x05, 0x10, 0x11, 0x13
X_ACS, X_SRIOV, X_REBAR = 0x000D, 0x0010, 0x0015


Piece: TypeAlias = Callable[[int, int], bytes]
"""Place and size → what is there; less beyond the end."""
HEADER = 64


class _Space:
    """Little-endian reads that answer 0 beyond the end, by words of 32 bits.

    Every word that is read of a device costs a round trip to it, and inside a virtual machine an exit.
    """

    def __init__(self, piece: Piece, size: int) -> None:
        self.size = size
        self.header = piece(0, HEADER)
        self._piece = piece
        self._words = {at: self.header[at : at + 4] for at in range(0, len(self.header), 4)}

    def _word(self, at: int) -> bytes:
        if at not in self._words:
            self._words[at] = self._piece(at, 4) if at < self.size else b""
        return self._words[at]

    def at(self, place: int, size: int) -> int:
        first = place & ~3
        data = b"".join(self._word(at) for at in range(first, place + size, 4))
        return int.from_bytes(data[place - first : place - first + size], "little")

    @property
    def cut(self) -> bool:
        """Whether only the header is given: what the kernel does for those who are not root."""
        return self.size <= HEADER or not self._word(HEADER)


def standard(space: _Space) -> dict[int, int]:
    """Capability id → place; a list that loops or leaves the space ends there."""
    found: dict[int, int] = {}
    if not space.at(0x06, 2) & 0x10:
        return found
    place = space.at(0x14 if space.at(0x0E, 1) & 0x7F == 2 else 0x34, 1) & 0xFC
    seen: set[int] = set()
    while 0x40 <= place < 0x100 and place not in seen and place + 2 <= space.size:
        seen.add(place)
        if space.at(place, 1) == 0xFF:
            break
        found.setdefault(space.at(place, 1), place)
        place = space.at(place + 1, 1) & 0xFC
    return found


def extended(space: _Space) -> dict[int, int]:
    """Extended capability id → place."""
    found: dict[int, int] = {}
    place, seen = 0x100, set[int]()
    while 0x100 <= place <= space.size - 4 and place not in seen:
        seen.add(place)
        header = space.at(place, 4)
        if header in (0, 0xFFFFFFFF):
            break
        found.setdefault(header & 0xFFFF, place)
        place = header >> 20 & 0xFFC
    return found


def size_text(mib_power: int) -> str:
    """A BAR size of 2**n MiB as lspci prints it: 256MB, 16GB, 1TB."""
    for unit in ("MB", "GB", "TB", "PB", "EB"):
        if mib_power < 10:
            return f"{1 << mib_power}{unit}"
        mib_power -= 10
    return f"{1 << mib_power}ZB"


def _rebar(space: _Space, place: int) -> tuple[tuple[int, RebarSize], ...]:
    count = min(space.at(place + 8, 4) >> 5 & 7, 6)
    found = []
    for i in range(max(count, 1)):
        cap, control = space.at(place + 4 + 8 * i, 4), space.at(place + 8 + 8 * i, 4)
        # Bits 4-31 of the capability are 1 MB to 128 TB, bits 16-31 of the control register go on from 256 TB.
        sizes = [n for n in range(28) if cap >> (4 + n) & 1] + [28 + n for n in range(16) if control >> (16 + n) & 1]
        found.append((control & 7, RebarSize(size_text(control >> 8 & 0x3F), tuple(map(size_text, sizes)))))
    return tuple(found)


def parse(data: bytes) -> Reading[Capabilities]:
    """The capabilities of a configuration space of 64, 256 or 4096 bytes."""
    return parse_pieces(lambda place, size: data[place : place + size], len(data))


def parse_pieces(piece: Piece, size: int, vendor: int | None = None) -> Reading[Capabilities]:
    """The same of a space that is read in pieces: the header, the two lists, and the words that are looked at.

    `vendor` is what the kernel says of the device: a space that begins otherwise is damaged. Virtual functions
    answer ffff there (PCI Express base specification, 9.3.4.1.1).
    """
    space = _Space(piece, size)
    if len(space.header) < HEADER:
        held = f"holds {len(space.header)} bytes of configuration space, {HEADER} at least are expected"
        return Unread(held, Why.DAMAGED)
    if not space.header.strip(b"\xff"):
        return Capabilities(dead=True)
    begins = space.at(0, 2)
    if vendor is not None and begins not in (vendor, 0xFFFF):
        return Unread(f"begins with the vendor {begins:04x}, and the device is of {vendor:04x}", Why.DAMAGED)
    header = space.at(0x0E, 1)
    if space.cut:
        return HEADER_ONLY
    caps = standard(space)
    more = Unread("needs root: the extended configuration space was not given", Why.FORBIDDEN)
    wide = size > 0x100
    ext = extended(space) if wide and EXPRESS in caps else {}
    express, af, pm = caps.get(EXPRESS), caps.get(ADVANCED), caps.get(POWER)
    msi, msix = caps.get(MSI), caps.get(MSIX)
    unseen = express is not None and not wide
    return Capabilities(
        ids=tuple(sorted(caps)),
        extended_ids=more if unseen else tuple(sorted(ext)),
        express=None
        if express is None
        else Express(
            EXPRESS_KINDS.get(space.at(express + 2, 2) >> 4 & 0xF, "Unknown type"),
            bool(space.at(express + 4, 4) >> 28 & 1),
        ),
        af_flr=None if af is None else bool(space.at(af + 3, 1) & 2),
        no_soft_reset=None if pm is None else bool(space.at(pm + 4, 2) >> 3 & 1),
        msi=msi is not None,
        msix=msix is not None,
        msi_enabled=msi is not None and bool(space.at(msi + 2, 2) & 1),
        msix_enabled=msix is not None and bool(space.at(msix + 2, 2) >> 15 & 1),
        acs=more if unseen else None if X_ACS not in ext else _acs(space, ext[X_ACS]),
        sriov_total=more if unseen else None if X_SRIOV not in ext else space.at(ext[X_SRIOV] + 0xE, 2),
        rebar=more if unseen else () if X_REBAR not in ext else _rebar(space, ext[X_REBAR]),
        header_type=header,
    )


def _acs(space: _Space, place: int) -> Acs:
    def names(bits: int) -> frozenset[str]:
        return frozenset(name for i, name in enumerate(ACS_BITS) if bits >> i & 1)

    return Acs(names(space.at(place + 4, 2)), names(space.at(place + 6, 2)))


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

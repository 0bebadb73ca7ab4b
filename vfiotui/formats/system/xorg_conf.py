"""The cards that Xorg's configuration names.

A BusID is decimal, "PCI:bus@domain:device:function" or shorter (xorg.conf(5)); lspci prints the same numbers in
hexadecimal, which is where most mistakes come from.
"""

from __future__ import annotations

import re

from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.value import dataclass

LINE = re.compile(r'^\s*busid\s+"([^"]*)"', re.IGNORECASE)
PLACE = re.compile(r"(?:PCI:)?(\d{1,4})(?:@(\d{1,7}))?:(\d{1,3})(?::(\d{1,2}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BusId:
    """One BusID line."""

    line: int
    """From 1."""
    text: str
    """As it is written."""
    bdf: str | None
    """The address that it means, or None where it means none."""


def address_of(text: str) -> str | None:
    """The address in the kernel's form.

    >>> address_of("PCI:10:0:0"), address_of("PCI:1@2:3:4"), address_of("PCI:0a:00.0")
    ('0000:0a:00.0', '0002:01:03.4', None)
    """
    found = PLACE.fullmatch(text.strip())
    if found is None:
        return None
    bus, domain, device, function = (int(n or 0) for n in found.groups())
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function}" if bus < 256 and device < 32 and function < 8 else None


def bus_ids(text: str) -> tuple[BusId, ...]:
    """All BusID lines of a file; comments are passed over."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = LINE.match(line)
        if match:
            found.append(BusId(number, match[1], address_of(match[1])))
    return tuple(found)


def busid_of(bdf: str) -> str:
    """An address as Xorg wants it.

    >>> busid_of("0000:0a:00.0"), busid_of("0002:01:03.4")
    ('PCI:10:0:0', 'PCI:1@2:3:4')
    """
    domain, bus, rest = bdf.split(":")
    device, function = rest.split(".")
    place = f"@{int(domain, 16)}" if int(domain, 16) else ""
    return f"PCI:{int(bus, 16)}{place}:{int(device, 16)}:{int(function)}"


def set_bus_id(text: str, number: int, new: str) -> str:
    """The text whose line of this number names another card; EditRefused where the line is no BusID line."""
    lines = text.splitlines(keepends=True)
    shown = lines[number - 1] if 0 < number <= len(lines) else ""
    match = LINE.match(shown)
    if match is None:
        raise EditRefused("This line is no BusID line.", number, shown.rstrip("\r\n"))
    lines[number - 1] = shown[: match.start(1)] + new + shown[match.end(1) :]
    return "".join(lines)

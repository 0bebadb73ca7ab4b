"""Numbers, amounts, addresses and sets as libvirt spells them in XML."""

from __future__ import annotations

import re
from functools import lru_cache

from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.cpu.topology import CpuSet

UNITS = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "kb": 1000,
    "k": 1 << 10,
    "kib": 1 << 10,
    "mb": 10**6,
    "m": 1 << 20,
    "mib": 1 << 20,
    "gb": 10**9,
    "g": 1 << 30,
    "gib": 1 << 30,
    "tb": 10**12,
    "t": 1 << 40,
    "tib": 1 << 40,
    "pb": 10**15,
    "p": 1 << 50,
    "pib": 1 << 50,
    "eb": 10**18,
    "e": 1 << 60,
    "eib": 1 << 60,
}
"""As libvirt scales them, in any case (virScaleInteger)."""
NUMBER = re.compile("(0[0-7]+)|[0-9]+|(0[xX][0-9a-fA-F]+)")
MOST_CPUS = 16384
"""Places of libvirt's sets of CPUs (VIR_DOMAIN_CPUMASK_LEN)."""
TOO_HIGH = re.compile(r"1638[4-9]|1639[0-9]|16[4-9][0-9]{2}|1[7-9][0-9]{3}|[2-9][0-9]{4}|[0-9]{6}")
"""A number beyond them."""
LONGEST = 1000
"""Characters of a number with the blanks around it; those of 64 bits have 20."""
BASES = (10, 8, 16)
"""By the group of NUMBER that holds the word."""


def number(text: str | None) -> int | None:
    """A number as libvirt reads it: 0x hexadecimal, 0 octal, else decimal.

    >>> number("0x0a"), number("010"), number("10"), number("ten")
    (10, 8, 10, None)
    """
    return _number(text) if text and len(text) <= LONGEST else None


@lru_cache(maxsize=512)
def _number(text: str) -> int | None:
    word = text.strip()
    found = NUMBER.fullmatch(word) if len(word) <= 20 else None
    return None if found is None else int(word, BASES[found.lastindex or 0])


def scaled(text: str | None, unit: str) -> int | None:
    """The bytes of a number with a unit; None where one of them is missing or damaged.

    >>> scaled("2", "MiB"), scaled("2", "pages"), scaled(None, "KiB")
    (2097152, None, None)
    """
    value, factor = number(text), UNITS.get(unit.strip().lower())
    return None if value is None or factor is None else value * factor


def kib(size: int | None) -> int:
    """The whole KiB of some bytes; 0 where they are not known."""
    return (size or 0) // 1024


@lru_cache(maxsize=512)
def pci_address(domain: str, bus: str, slot: str, function: str) -> str | None:
    """The full PCI address of the words of an <address>; None where one of them is missing or damaged.

    >>> pci_address("0", "0x0b", "0x00", "0x1")
    '0000:0b:00.1'
    """
    numbers = [n for n in map(number, (domain, bus, slot, function)) if n is not None]
    if len(numbers) < 4 or numbers[0] > 0xFFFFFFFF or numbers[1] > 0xFF or numbers[2] > 0x1F or numbers[3] > 7:
        return None
    return f"{numbers[0]:04x}:{numbers[1]:02x}:{numbers[2]:02x}.{numbers[3]}"


def cpuset(text: str | None) -> CpuSet | None:
    """The CPUs of a cpuset attribute, or None where it is missing or damaged."""
    if not text:
        return None
    if len(text) < 5 and text.isdecimal() and text.isascii():
        # Most pins name one CPU.
        return frozenset((int(text),))
    cpus = None if TOO_HIGH.search(text) else parse_list(text)
    return None if isinstance(cpus, Unread) else cpus

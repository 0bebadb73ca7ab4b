"""Numbers, amounts, addresses and sets as libvirt spells them in XML."""

from __future__ import annotations

import re

from vfiotui.formats.domain_xml.xml_text import Element
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
BASES = (10, 8, 16)
"""By the group of NUMBER that holds the word."""


def number(text: str | None) -> int | None:
    """A number as libvirt reads it: 0x hexadecimal, 0 octal, else decimal.

    >>> number("0x0a"), number("010"), number("10"), number("ten")
    (10, 8, 10, None)
    """
    word = (text or "").strip()
    found = NUMBER.fullmatch(word) if len(word) <= 20 else None
    return None if found is None else int(word, BASES[found.lastindex or 0])


def amount(element: Element | None, unit: str = "KiB") -> int | None:
    """The bytes of an element such as <memory unit='KiB'>; None where it is missing or damaged.

    `unit` is what libvirt assumes where the attribute is missing.
    """
    return None if element is None else scaled(element.text, element.get("unit", unit))


def scaled(text: str | None, unit: str) -> int | None:
    """The bytes of a number with a unit; None where one of them is missing or damaged.

    >>> scaled("2", "MiB"), scaled("2", "pages"), scaled(None, "KiB")
    (2097152, None, None)
    """
    value, factor = number(text), UNITS.get(unit.strip().lower())
    return None if value is None or factor is None else value * factor


def kib(element: Element | None) -> int:
    """The KiB of an element such as <memory unit='KiB'>; 0 where it is missing or damaged."""
    return (amount(element) or 0) // 1024


def pci_address(element: Element | None) -> str | None:
    """The full address of an <address> with domain, bus, slot, function."""
    if element is None:
        return None
    parts = [number(element.get(k, "0" if k == "domain" else "")) for k in ("domain", "bus", "slot", "function")]
    known = [p for p in parts if p is not None]
    if len(known) < 4 or known[1] > 0xFF or known[2] > 0x1F or known[3] > 7 or known[0] > 0xFFFFFFFF:
        return None
    return f"{known[0]:04x}:{known[1]:02x}:{known[2]:02x}.{known[3]}"


def cpuset(text: str | None) -> CpuSet | None:
    """The CPUs of a cpuset attribute, or None where it is missing or damaged."""
    cpus = parse_list(text) if text else None
    return None if cpus is None or isinstance(cpus, Unread) else cpus


def attribute(element: Element | None, name: str, default: str = "") -> str:
    """An attribute of an element that may be missing."""
    return default if element is None else element.get(name, default)


def text_of(element: Element | None) -> str:
    """The text of an element that may be missing, without blanks around it."""
    return "" if element is None else element.text.strip()

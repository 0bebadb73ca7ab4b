"""Sizes of pages in words, and as the kernel's command line spells them."""

from __future__ import annotations

import re

MIB, GIB = 1 << 10, 1 << 20
"""KiB in a MiB and in a GiB."""
SPELLED = re.compile(r"(0x[0-9a-f]{1,12}|\d{1,15})([kmgt]?)", re.IGNORECASE)
SHIFTS = {"": -10, "k": 0, "m": 10, "g": 20, "t": 30}


def page_words(kib: int) -> str:
    """The largest unit of which it is a whole number.

    >>> page_words(2048), page_words(1 << 20), page_words(64), page_words(16 << 20)
    ('2 MiB', '1 GiB', '64 KiB', '16 GiB')
    """
    for unit, name in ((GIB, "GiB"), (MIB, "MiB")):
        if kib >= unit and kib % unit == 0:
            return f"{kib // unit} {name}"
    return f"{kib} KiB"


def size_word(kib: int) -> str:
    """For hugepagesz= and default_hugepagesz=, as the kernel's documentation writes it.

    >>> size_word(64), size_word(16384), size_word(1 << 20)
    ('64K', '16M', '1G')
    """
    number, unit = page_words(kib).split()
    return number + unit[0]


def parse_size_word(word: str) -> int | None:
    """KiB of a word such as 2M, 2048k or 2097152 (lib/cmdline.c, memparse); None where it is none.

    >>> parse_size_word("2M"), parse_size_word("2048k"), parse_size_word("2097152"), parse_size_word("lots")
    (2048, 2048, 2048, None)
    """
    match = SPELLED.fullmatch(word)
    if match is None:
        return None
    number, shift = int(match[1], 16 if match[1][:2].lower() == "0x" else 10), SHIFTS[match[2].lower()]
    return number << shift if shift >= 0 else number >> -shift

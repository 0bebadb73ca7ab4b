"""The order of `sort -V` (coreutils, filevercmp): digits count as numbers, and endings such as .conf come last."""

from __future__ import annotations

import re
from functools import cmp_to_key

SUFFIX = re.compile(r"(?:\.[A-Za-z~][A-Za-z0-9~]*)*\Z")
PIECES = re.compile(r"(\D*)(\d*)")


def _rank(character: str) -> int:
    """Letters come before all other marks, ~ before the end of the text."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() and character.isascii() else ord(character) + 0x110000


def _pieces(text: str) -> list[tuple[list[int], int]]:
    found = [(m[1], m[2]) for m in PIECES.finditer(text) if m[0]]
    # A text that ends before the other one has the rank 0 there.
    return [([*map(_rank, letters), 0], int(digits[:4000] or 0)) for letters, digits in found]


def _compare(one: str, other: str) -> int:
    hidden = (one.startswith("."), other.startswith("."))
    if hidden[0] != hidden[1]:
        return -1 if hidden[0] else 1
    bare = (_pieces(SUFFIX.sub("", one)), _pieces(SUFFIX.sub("", other)))
    if bare[0] == bare[1]:
        bare = (_pieces(one), _pieces(other))
    end: list[tuple[list[int], int]] = [([0], 0)]
    first, second = bare[0] + end, bare[1] + end
    if first != second:
        return -1 if first < second else 1
    return (one > other) - (one < other)


sort_key = cmp_to_key(_compare)
"""A key for `sorted`.

>>> sorted(["10-b.conf", "9-a.conf", "9.conf"], key=sort_key)
['9.conf', '9-a.conf', '10-b.conf']
"""

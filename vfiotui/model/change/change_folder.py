"""The names of the folders in the journal of changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count

FOLDER = re.compile(r"([0-9]{4,9})-([A-Za-z0-9_-]{1,80})")
"""A change's number and a word of its title."""
LAST_NUMBER = 999_999_999


def number_of(name: str) -> int | None:
    """The number of the change in a folder of this name; None where it is no change's.

    >>> number_of("0007-iommu-pt"), number_of("0007-iommu-pt.new"), number_of("lost+found")
    (7, None, None)
    """
    match = FOLDER.fullmatch(name)
    return int(match[1]) if match else None


def next_number(names: Iterable[str]) -> int:
    """The number of a new change beside these: one more than the highest, or the lowest free one where none is higher.

    >>> next_number(["0001-x", "0007-y", "lost+found"]), next_number(["0001-x", "999999999-y"])
    (8, 2)
    """
    used = {number for name in names if (number := number_of(name)) is not None}
    highest = max(used, default=0)
    return highest + 1 if highest < LAST_NUMBER else next(n for n in count(1) if n not in used)


def means(name: str, wanted: str) -> bool:
    """Whether a person who types `wanted` means the change in the folder of this name.

    >>> means("0007-x", "7"), means("0007-x", "0007"), means("0007-x", "0007-x"), means("0007-x", "\\u0667")
    (True, True, True, False)
    """
    number = number_of(name)
    if number is None:
        return False
    typed = wanted.isascii() and wanted.isdigit() and (wanted.lstrip("0") or "0") == str(number)
    return typed or wanted == name

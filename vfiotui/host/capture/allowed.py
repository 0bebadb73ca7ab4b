"""One rule of what a capture may hold, and how rules are made of reductions and patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.value import dataclass

TextReduce = Callable[[str, Scrubber], str | None]
DataReduce = Callable[[bytes, Scrubber], bytes | None]
TEXT_LIMIT = 4 << 20
IMAGE_LIMIT = 768 << 20


@dataclass(frozen=True, slots=True)
class Allowed:
    """One pattern of the list."""

    pattern: str
    """A path; * stands for any name in one folder."""
    fields: str
    """What stays of the file, for a person."""
    reduce: DataReduce
    limit: int = TEXT_LIMIT
    """Bytes; a longer file is left out."""
    slow: bool = False
    """Whether a sick device may let the reading hang."""


def _text(reduce: TextReduce, data: bytes, scrub: Scrubber) -> bytes | None:
    made = reduce(data.decode("utf-8", "replace").replace("\0", ""), scrub)
    return None if made is None else made.encode("utf-8", "replace")


def text_rules(reduce: TextReduce, fields: str, patterns: Iterable[str], limit: int = TEXT_LIMIT) -> Iterable[Allowed]:
    """Rules for texts; what is no UTF-8 is replaced, NULs are left out."""
    return (Allowed(p, fields, partial(_text, reduce), limit) for p in patterns)


def data_rules(reduce: DataReduce, fields: str, patterns: Iterable[str], limit: int = TEXT_LIMIT) -> Iterable[Allowed]:
    """Rules for files of any content."""
    return (Allowed(p, fields, reduce, limit) for p in patterns)


def below(folder: str, names: str) -> list[str]:
    """Paths of one folder, of names parted by blanks."""
    return [f"{folder}/{name}" for name in names.split()]


ESPS = ("/boot", "/efi", "/boot/efi")
"""Where an EFI partition is mounted."""

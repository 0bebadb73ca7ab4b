"""Sections of a PE file: a unified kernel image keeps its kernel, initrd and command line in them (systemd-stub(7)).

Layout: Microsoft PE/COFF specification. Every number in the file may lie, so each is checked against its end.
"""

from __future__ import annotations

from vfiotui.formats.records.pieces import Sliced
from vfiotui.model.base.value import dataclass

WORDS_LIMIT = 1 << 16
SECTIONS_LIMIT = 96
"""What the Windows loader accepts; honest images have about a dozen."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section."""

    name: str
    """.linux, .initrd, .cmdline, .uname, .osrel, .ucode, …"""
    start: int
    """In the file."""
    size: int
    """Bytes that the file has of it, without the padding that the section's own size leaves out."""


def is_pe(data: Sliced) -> bool:
    """Whether the bytes begin as a PE file does."""
    return bytes(data[:2]) == b"MZ"


def _number(data: Sliced, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")


def sections(data: Sliced) -> tuple[Section, ...]:
    """The sections in order, each cut at the end of the file; empty where this is no PE file."""
    place = _number(data, 0x3C, 4)
    if not is_pe(data) or bytes(data[place : place + 4]) != b"PE\0\0":
        return ()
    count = min(_number(data, place + 6, 2), SECTIONS_LIMIT)
    table = place + 24 + _number(data, place + 20, 2)
    found = []
    for at in range(table, table + 40 * count, 40):
        if at + 40 > len(data):
            break
        name = bytes(data[at : at + 8]).rstrip(b"\0").decode("ascii", "replace")
        virtual, raw, start = (_number(data, at + n, 4) for n in (8, 16, 20))
        size = max(0, min(virtual or raw, raw, len(data) - start))
        found.append(Section(name, start, size))
    return tuple(found)


def profile_sections(found: tuple[Section, ...], number: int) -> dict[str, Section] | None:
    """The sections of one profile of a unified image: those ahead of the first .profile, overruled by its own.

    Of a name that comes again the first one counts. None where the image has no such profile; profile 0 is always
    there (systemd src/boot/pe.c, pe_locate_profile_sections).
    """
    starts = [i for i, section in enumerate(found) if section.name == ".profile"]
    if number and number >= len(starts):
        return None
    base = found[: starts[0]] if starts else found
    own = found[starts[number] : ([*starts, len(found)])[number + 1]] if starts else ()
    return {s.name: s for s in (*reversed(base), *reversed(own))}


def profiles(found: tuple[Section, ...]) -> int:
    """How many profiles a unified image has; one where it names none."""
    return max(1, sum(section.name == ".profile" for section in found))


def text_of(data: Sliced, section: Section | None) -> str | None:
    """The text in a section up to its first NUL, cut behind 64 KiB; None where there is no such section."""
    if section is None:
        return None
    raw = bytes(data[section.start : section.start + min(section.size, WORDS_LIMIT)])
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


def words(data: bytes | memoryview) -> str | None:
    """The kernel's words in a unified image as its first profile has them, None where it has none of its own."""
    view = memoryview(data)
    named = profile_sections(sections(view), 0) or {}
    line = text_of(view, named.get(".cmdline"))
    return None if line is None else " ".join(line.split())

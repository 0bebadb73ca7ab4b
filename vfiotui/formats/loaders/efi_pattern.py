"""Patterns by which systemd-boot picks an entry: ?, *, [set] and \\ as in fnmatch(3), without negation or classes.

Source: systemd src/boot/efi-string.c, efi_fnmatch. Names and patterns are compared in lower case (ASCII only).
"""

from __future__ import annotations

from typing import TypeAlias

Atom: TypeAlias = tuple[tuple[str, str], ...] | None
"""Ranges of characters of which one must fit; None fits any."""


def lower(text: str) -> str:
    """The text with A to Z in lower case and nothing else changed, as systemd-boot folds names.

    >>> lower("ÄB.CONF")
    'Äb.conf'
    """
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def _set(pattern: str, at: int) -> tuple[Atom, int] | None:
    """The set that begins behind "[" and the place behind its "]"; None where it does not end."""
    ranges: list[tuple[str, str]] = []
    first, can_range = True, False
    while at < len(pattern):
        char = pattern[at]
        if char == "]" and not first:
            return tuple(ranges), at + 1
        if char == "-" and can_range and pattern[at + 1 : at + 2] not in ("]", ""):
            at += 1 + (pattern[at + 1] == "\\")
            if at >= len(pattern):
                return None
            ranges.append((ranges[-1][0], pattern[at]))
            can_range = False
        else:
            at += char == "\\"
            if at >= len(pattern):
                return None
            ranges.append((pattern[at], pattern[at]))
            can_range = True
        first = False
        at += 1
    return None


def _pieces(pattern: str) -> list[list[Atom]] | None:
    """The pieces between the stars; None where nothing can fit the pattern."""
    pieces: list[list[Atom]] = [[]]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            pieces.append([])
        elif char == "?":
            pieces[-1].append(None)
        elif char == "[":
            found = _set(pattern, at)
            if found is None:
                return None
            atom, at = found
            pieces[-1].append(atom)
        else:
            if char == "\\":
                if at >= len(pattern):
                    return None
                char = pattern[at]
                at += 1
            pieces[-1].append(((char, char),))
    return pieces


def _fits(piece: list[Atom], text: str, at: int) -> bool:
    if at < 0 or at + len(piece) > len(text):
        return False
    return all(a is None or any(low <= text[at + i] <= high for low, high in a) for i, a in enumerate(piece))


def matches(pattern: str, name: str) -> bool:
    """Whether an entry's id fits a pattern, the case of both ignored.

    >>> matches("arch-*.conf", "Arch-6.12.conf"), matches("[a-c]?", "bx"), matches("arch", "arch.conf")
    (True, True, False)
    """
    name = lower(name)
    pieces = _pieces(lower(pattern))
    if pieces is None or not _fits(pieces[0], name, 0):
        return False
    if len(pieces) == 1:
        return len(pieces[0]) == len(name)
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = next((i for i in range(at, len(name) - len(piece) + 1) if _fits(piece, name, i)), -1)
        if at < 0:
            return False
        at += len(piece)
    last = len(name) - len(pieces[-1])
    return last >= at and _fits(pieces[-1], name, last)

"""The order of versions in systemd-boot's menu (systemd src/fundamental/string-util.c, strverscmp_improved).

Segments of digits and of letters; "~" stands before everything, then the end, "-", "^", "." and no separator.
"""

from __future__ import annotations

import re

SEPARATORS = "-^."
_DROPPED = re.compile(r"[^0-9A-Za-z~^.-]+")
_DIGITS, _LETTERS = re.compile(r"[0-9]*"), re.compile(r"[A-Za-z]*")


def _order(one: str | int | bool, other: str | int | bool) -> int:
    return (one > other) - (one < other)  # type: ignore[operator]


def _head(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.match(text)
    return match[0] if match else ""


def _segment(a: str, b: str) -> tuple[int, str, str]:
    """How the first segments compare, and what follows them."""
    if a[:1].isdigit() or b[:1].isdigit():
        one, other = _head(_DIGITS, a), _head(_DIGITS, b)
        shorter, longer = one.lstrip("0"), other.lstrip("0")
        found = _order(bool(one), bool(other)) or _order(len(shorter), len(longer)) or _order(shorter, longer)
    else:
        one, other = _head(_LETTERS, a), _head(_LETTERS, b)
        both = min(len(one), len(other))
        found = _order(one[:both], other[:both]) or _order(len(one), len(other))
    return found, a[len(one) :], b[len(other) :]


def compare(a: str, b: str) -> int:
    """-1 where the first is older, 1 where it is newer, 0 where they are the same.

    >>> compare("6.9.1", "6.12"), compare("6.12~rc1", "6.12"), compare("6.12-lts", "6.12.1"), compare("6_1", "61")
    (-1, -1, -1, -1)
    """
    while True:
        a, b = _dropped(a), _dropped(b)
        if a.startswith("~") or b.startswith("~"):
            if found := _order(not a.startswith("~"), not b.startswith("~")):
                return found
            a, b = a[1:], b[1:]
        if not a or not b:
            return _order(bool(a), bool(b))
        for mark in SEPARATORS:
            if a.startswith(mark) or b.startswith(mark):
                if found := _order(not a.startswith(mark), not b.startswith(mark)):
                    return found
                a, b = a[1:], b[1:]
        found, a, b = _segment(a, b)
        if found:
            return found


def _dropped(text: str) -> str:
    """The text without what no version holds at its beginning."""
    match = _DROPPED.match(text)
    return text[match.end() :] if match else text

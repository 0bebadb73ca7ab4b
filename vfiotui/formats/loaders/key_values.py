"""Lines of a key and a value as systemd's boot programs read them (systemd src/boot/efi-string.c, line_get_key_value).

loader.conf and entries part them with blanks, os-release and profiles with "=". A line ends with LF or CR; a line
without a separator is passed over; one pair of quotes around the whole value is taken off; bytes that are no UTF-8 are
dropped, and so is everything behind a NUL.
"""

from __future__ import annotations

import re

from vfiotui.model.base.value import dataclass

BLANKS = " \t"
QUOTES = "\"'"
_LINE = re.compile(r"\r\n|[\r\n]")


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One line."""

    key: str
    value: str
    line: int
    """From 1."""


def key_values(text: str, separators: str = BLANKS) -> tuple[KeyValue, ...]:
    """The lines in order that have a key and a value.

    >>> [(k.key, k.value, k.line) for k in key_values("# x\\ndefault  'arch*'\\ntimeout\\neditor no")]
    [('default', 'arch*', 2), ('editor', 'no', 4)]
    """
    found = []
    content = text.partition("\0")[0].replace("\ufffd", "")
    for number, line in enumerate(_LINE.split(content), 1):
        line = line.strip(BLANKS)
        at = next((i for i, c in enumerate(line) if c in separators), -1)
        if line.startswith("#") or at < 0:
            continue
        value = line[at:].lstrip(separators)
        if value and value[0] in QUOTES and value[-1] == value[0]:
            value = value[1:-1]
        found.append(KeyValue(line[:at], value, number))
    return tuple(found)

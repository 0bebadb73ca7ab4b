"""sysctl.d: `key = value`, the last one in force; # and ; begin comment lines, never a comment behind a value.

A key is written with dots or with slashes; its first separator tells which (sysctl.d(5)). A leading - asks that
errors are ignored.
"""

from __future__ import annotations

import re

from vfiotui.formats.text_lines import Line, lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One line that sets a key."""

    path: str
    """Below /proc/sys."""
    value: str
    start: int
    """Offset of the value in the text."""


def path_of(key: str) -> str:
    """The key as a path below /proc/sys.

    >>> path_of("net.ipv4.conf.enp3s0/200.forwarding"), path_of("net/ipv4/conf/enp3s0.200/forwarding")
    ('net/ipv4/conf/enp3s0.200/forwarding', 'net/ipv4/conf/enp3s0.200/forwarding')
    """
    separator = re.search(r"[./]", key)
    if separator and separator[0] == ".":
        return key.translate(str.maketrans("./", "/."))
    return key


def _setting(line: Line) -> Setting | None:
    """What a line sets; None for comments and what is no assignment."""
    head, equals, tail = line.text.partition("=")
    key = head.strip().removeprefix("-").strip()
    if not equals or not key or key[0] in "#;":
        return None
    blanks = len(tail) - len(tail.lstrip())
    return Setting(path_of(key), tail.strip(), line.start + len(head) + 1 + blanks)


def _set(text: str) -> list[tuple[Line, Setting]]:
    return [(line, setting) for line in lines_of(text) if (setting := _setting(line))]


def settings(text: str) -> tuple[tuple[str, str], ...]:
    """Each key as a path below /proc/sys and its value, in order; of equal keys the last is in force."""
    return tuple((setting.path, setting.value) for _, setting in _set(text))


def set_value(text: str, key: str, value: str) -> str:
    """The text with the key at the value: in the line in force, else in a new line at the end."""
    if "\n" in value or value != value.strip() or not re.fullmatch(r"[^\s=#;-][^\s=]*", key):
        raise ValueError("a key is one word and a value one line")
    for _, setting in reversed(_set(text)):
        if setting.path == path_of(key):
            end = setting.start + len(setting.value)
            return text if setting.value == value else text[: setting.start] + value + text[end:]
    tight = any(re.match(r"[^#;=]*[^#;=\s]=\S", line.text) for line in lines_of(text))
    return with_line(text, f"{key}={value}" if tight else f"{key} = {value}")


def remove(text: str, key: str) -> str:
    """The text without any line that sets the key."""
    return without_lines(text, [line for line, setting in _set(text) if setting.path == path_of(key)])

"""sysctl.d: `key = value`, the last one in force; # and ; begin comment lines, never a comment behind a value.

A key is written with dots or with slashes; its first separator tells which (sysctl.d(5)). A leading - asks that
errors are ignored.
"""

from __future__ import annotations

import re

from vfiotui.formats.text_lines import lines_of, with_line, without_lines

SETTING = re.compile(r"[ \t]*(-?)[ \t]*([^#;=\s][^=]*?)[ \t]*=[ \t]*(.*?)[ \t]*\Z", re.DOTALL)


def path_of(key: str) -> str:
    """The key as a path below /proc/sys.

    >>> path_of("net.ipv4.conf.enp3s0/200.forwarding"), path_of("net/ipv4/conf/enp3s0.200/forwarding")
    ('net/ipv4/conf/enp3s0.200/forwarding', 'net/ipv4/conf/enp3s0.200/forwarding')
    """
    separator = re.search(r"[./]", key)
    if separator and separator[0] == ".":
        return key.translate(str.maketrans("./", "/."))
    return key


def settings(text: str) -> tuple[tuple[str, str], ...]:
    """Each key as a path below /proc/sys and its value, in order; of equal keys the last is in force."""
    found = (SETTING.match(line.text) for line in lines_of(text))
    return tuple((path_of(match[2]), match[3]) for match in found if match)


def set_value(text: str, key: str, value: str) -> str:
    """The text with the key at the value: in the line in force, else in a new line at the end."""
    if "\n" in value or value != value.strip() or not re.fullmatch(r"[^\s=#;-][^\s=]*", key):
        raise ValueError("a key is one word and a value one line")
    for line in reversed(lines_of(text)):
        match = SETTING.match(line.text)
        if match and path_of(match[2]) == path_of(key):
            if match[3] == value:
                return text
            return text[: line.start + match.start(3)] + value + text[line.start + match.end(3) :]
    tight = any(re.match(r"[^#;=]*[^#;=\s]=\S", line.text) for line in lines_of(text))
    return with_line(text, f"{key}={value}" if tight else f"{key} = {value}")


def remove(text: str, key: str) -> str:
    """The text without any line that sets the key."""
    named = ((line, SETTING.match(line.text)) for line in lines_of(text))
    return without_lines(text, [line for line, match in named if match and path_of(match[2]) == path_of(key)])

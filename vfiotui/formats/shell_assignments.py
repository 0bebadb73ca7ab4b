"""Shell files that only assign variables: /etc/default/grub, mkinitcpio.conf, dracut.conf, os-release.

What a shell would compute is not guessed: such a value is a `Computed` with its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ASSIGNMENT = re.compile(r"^\s*(?:export\s+|declare\s+(?:-\w+\s+)?)?([A-Za-z_]\w*)(\+?)=(.*)$", re.DOTALL)
QUOTES = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)|([^\s'\"\\;#]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that shell code computes."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment."""

    name: str
    value: str | Computed
    append: bool
    """NAME+=value."""
    line: int
    """Of its first line, from 1."""


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with continuations, open quotes and open arrays joined to what follows."""
    found: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not pending:
            start = number
        pending = f"{pending}\n{line}" if pending else line
        if not pending.lstrip().startswith("#") and _is_open(pending):
            continue
        found.append((start, pending.replace("\\\n", "")))
        pending = ""
    if pending:
        found.append((start, pending))
    return found


def _is_open(text: str) -> bool:
    """Whether a quote, an array or a continuation is still open at the end of the text."""
    quote, array, i = "", 0, 0
    while i < len(text):
        char = text[i]
        if char == "\\" and quote != "'":
            if i == len(text) - 1:
                return True
            i += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (i == 0 or text[i - 1].isspace()):
            end = text.find("\n", i)
            i = len(text) if end < 0 else end
            continue
        elif char == "(" and (array or text[i - 1 : i] == "="):
            array += 1
        elif char == ")" and array:
            array -= 1
        i += 1
    return bool(quote or array)


def unquote(raw: str) -> str | None:
    """The value of a word as a shell reads it, or None where it would have to compute something.

    An array's elements are joined by blanks.

    >>> unquote('"quiet splash"'), unquote("(vfio vfio_pci)"), unquote("$(uname -r)")
    ('quiet splash', 'vfio vfio_pci', None)
    """
    raw = raw.strip()
    if raw.startswith("("):
        inner = re.sub(r"(?:^|(?<=\s))#[^\n]*", "", raw[1:].rpartition(")")[0] if ")" in raw else raw[1:])
        parts = [unquote(w) for w in re.findall(r"(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\"])+", inner)]
        return None if any(p is None for p in parts) else " ".join(p for p in parts if p is not None)
    value, place = "", 0
    while place < len(raw):
        match = QUOTES.match(raw, place)
        if not match:
            break
        single, double, escaped, bare = match.groups()
        computed = double if double is not None else bare
        if computed is not None and re.search(r"(?<!\\)[$`]", computed):
            return None
        value += single or escaped or bare or re.sub(r'\\(["\\$`])', r"\1", double or "")
        place = match.end()
    return value


def parse(text: str) -> tuple[Assigned, ...]:
    """All assignments in order; other shell code is passed over."""
    found = []
    for number, line in _logical_lines(text):
        match = None if line.lstrip().startswith("#") else ASSIGNMENT.match(line)
        if match:
            value = unquote(match[3])
            found.append(
                Assigned(match[1], Computed(number, line.strip()) if value is None else value, bool(match[2]), number)
            )
    return tuple(found)


def value_of(assignments: tuple[Assigned, ...], name: str) -> str | Computed | None:
    """What the variable holds in the end; None where it is never set.

    >>> value_of(parse('A="x"\\nA+=" y"'), "A")
    'x y'
    """
    value: str | Computed | None = None
    for one in assignments:
        if one.name != name:
            continue
        if one.append and isinstance(value, str) and isinstance(one.value, str):
            value += one.value
        elif not one.append or value is None or isinstance(one.value, Computed):
            value = one.value
    return value

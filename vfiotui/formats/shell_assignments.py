"""Shell files that only assign variables: /etc/default/grub, mkinitcpio.conf, dracut.conf, os-release.

What a shell would compute is not guessed: such a value is a `Computed` with its line.
"""

from __future__ import annotations

from vfiotui.formats.shell_source import line_at, scan
from vfiotui.model.value import dataclass


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


def parse(text: str) -> tuple[Assigned, ...]:
    """All assignments in order; other shell code is passed over. An array's elements are joined by blanks."""
    found = []
    for one in scan(text):
        number, _ = line_at(text, one.start)
        literals = [word.literal for word in one.words]
        value: str | Computed = " ".join(v for v in literals if v is not None)
        if None in literals:
            value = Computed(number, text[one.start : one.end])
        found.append(Assigned(one.name, value, one.append, number))
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

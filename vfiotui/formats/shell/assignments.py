"""Shell files that only assign variables: /etc/default/grub, mkinitcpio.conf, dracut.conf, os-release.

What a shell would compute is not guessed: such a value is a `Computed` with its line.
"""

from __future__ import annotations

from vfiotui.formats.shell.source import STOPS, Meddling, ShellAssignment, events, line_at
from vfiotui.model.base.value import dataclass

ANY = "*"
"""Stands for the name where a command may change any variable."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that shell code computes."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment, or what a command such as unset does to a variable."""

    name: str
    """`ANY` where every variable may be changed."""
    value: str | Computed | None
    """None where the variable has no value any more."""
    append: bool
    """NAME+=value."""
    line: int
    """Of its first line, from 1."""


def parse(text: str) -> tuple[Assigned, ...]:
    """All assignments in order, and the commands that change variables; other shell code is passed over.

    An array's elements are joined by blanks. What stands behind a condition, or below the end of the file's reading,
    is computed.
    """
    found: list[Assigned] = []
    stopped = False
    for one in events(text):
        number, _ = line_at(text, one.start)
        computed = Computed(number, text[one.start : one.end])
        if isinstance(one, ShellAssignment):
            literal = _literal(one) if one.certain and not stopped else None
            found.append(Assigned(one.name, computed if literal is None else literal, one.append, number))
        elif one.verb in STOPS:
            stopped = True
        else:
            found += _changed(one, computed, number)
    return tuple(found)


def _literal(one: ShellAssignment) -> str | None:
    literals = [word.literal for word in one.words]
    return None if None in literals else " ".join(v for v in literals if v is not None)


def _changed(one: Meddling, computed: Computed, number: int) -> list[Assigned]:
    value = None if one.unsets else computed
    return [Assigned(name, value, False, number) for name in sorted(one.names) or [ANY]]


def value_of(assignments: tuple[Assigned, ...], name: str) -> str | Computed | None:
    """What the variable holds in the end; None where it is never set.

    >>> value_of(parse('A="x"\\nA+=" y"'), "A"), value_of(parse("A=x; unset A"), "A")
    ('x y', None)
    """
    value: str | Computed | None = None
    for one in assignments:
        if one.name not in (name, ANY):
            continue
        if one.append and isinstance(value, str) and isinstance(one.value, str):
            value += one.value
        elif not one.append or value is None or isinstance(one.value, Computed):
            value = one.value
    return value

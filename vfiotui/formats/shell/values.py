"""Single values of shell variables, edited where they stand: NAME=value, quoted or not."""

from __future__ import annotations

import re

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.lists import COMPUTED, assignments, without
from vfiotui.formats.shell.source import ShellWord, line_at, scan
from vfiotui.formats.shell.variable import spell
from vfiotui.formats.text_lines import line_end, with_line


def _in_force(text: str, name: str) -> tuple[ShellWord, str] | None:
    """The value in force and what it reads; EditRefused where shell code or += make it up."""
    found = assignments(text, name)
    if not found:
        return None
    word = found[-1].words[0] if found[-1].words else None
    if len(found) > 1 or found[0].append or found[0].array or not word or not word.closed or word.literal is None:
        raise EditRefused(COMPUTED, *line_at(text, found[-1].start))
    return word, word.literal


def get(text: str, name: str) -> str | None:
    """The value, or None where the file does not set it; EditRefused where it cannot be told.

    >>> get("A='x y'\\n#B=z", "A"), get("A='x y'\\n#B=z", "B")
    ('x y', None)
    """
    found = _in_force(text, name)
    return found[1] if found else None


def _spelled(value: str, quote: str) -> str:
    """The value in these quotes; in double ones where single ones would end too early."""
    quote = '"' if "'" in value and quote == "'" else quote
    return f"{quote}{spell(value, quote)}{quote}"


def set_value(text: str, name: str, value: str) -> str:
    """The text with the variable at the value, in the quotes that were used.

    A variable that is not set yet gets a line behind its commented-out default, else at the end.
    """
    if "\n" in value:
        raise ValueError("a value is one line")
    found = _in_force(text, name)
    if found:
        word, present = found
        if present == value:
            return text
        first = text[word.start : word.end][:1]
        new = _spelled(value, first if first in ("'", '"') else "")
        return text[: word.start] + new + text[word.end :]
    new = name + "=" + _spelled(value, '"')
    defaults = list(re.finditer(rf"^#[ \t]*{re.escape(name)}=.*\n", text, re.MULTILINE))
    if defaults:
        place = defaults[-1].end()
        edited = text[:place] + new + line_end(text) + text[place:]
        if get(edited, name) == value:
            return edited
    edited = with_line(text, new)
    if get(edited, name) != value:
        raise EditRefused("A new line at the end would not be read; fix what is open above it by hand.")
    return edited


def unset(text: str, name: str) -> str:
    """The text that does not set the variable; EditRefused where its lines hold more than that."""
    if assignments(text, name):
        for one in reversed([one for one in scan(text) if one.name == name]):
            text = without(text, one)
    return text

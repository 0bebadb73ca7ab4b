"""qemu.conf, as libvirt reads it (virconf.c): name = "text", a number or a ["list", "of texts"] over several lines.

Texts know no escapes and lists no comments. Of two lines with one name the first is in force.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import line_at
from vfiotui.formats.text_lines import line_end, lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass

NAME = re.compile(r"([A-Za-z]\w*)[ \t]*=[ \t]*", re.ASCII)
TEXT = re.compile(r'"""(.*?)"""|"([^"\r\n]*)"|\'([^\'\r\n]*)\'', re.DOTALL)
NUMBER = re.compile(r"-?[0-9]+")
LIST_GAP = re.compile(r"[ \t\r\n]*")
AFTER = re.compile(r"[ \t]*(#[^\n]*?)?\r?(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a list; the offsets hold its quotes."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One name with its value."""

    name: str
    value: str | int | tuple[str, ...]
    items: tuple[Item, ...]
    """Of a list."""
    statement: int
    """Offset of its line."""
    start: int
    """Offset of the value."""
    end: int
    behind: int
    """Offset behind its last line."""


def _text(text: str, place: int) -> Item | None:
    match = TEXT.match(text, place)
    return Item(next(g for g in match.groups() if g is not None), match.start(), match.end()) if match else None


def _items(text: str, place: int) -> tuple[tuple[Item, ...], int] | None:
    """The texts of the list that opens here and the offset behind it; None where libvirt could not read it."""
    found: list[Item] = []
    place = _behind_gap(text, place + 1)
    while text[place : place + 1] != "]":
        item = _text(text, place)
        if not item:
            return None
        found.append(item)
        place = _behind_gap(text, item.end)
        if text[place : place + 1] == ",":
            place = _behind_gap(text, place + 1)
        elif text[place : place + 1] != "]":
            return None
    return tuple(found), place + 1


def _behind_gap(text: str, place: int) -> int:
    match = LIST_GAP.match(text, place)
    return match.end() if match else place


def _setting(text: str, place: int) -> Setting | None:
    """The setting whose name stands here; None where libvirt could not read it."""
    named = NAME.match(text, place)
    if not named:
        return None
    start = named.end()
    value: str | int | tuple[str, ...]
    items: tuple[Item, ...] = ()
    if text[start : start + 1] == "[":
        listed = _items(text, start)
        if not listed:
            return None
        items, end = listed
        value = tuple(item.value for item in items)
    elif single := _text(text, start):
        value, end = single.value, single.end
    elif number := NUMBER.match(text, start):
        value, end = int(number[0][:20]), number.end()
    else:
        return None
    after = AFTER.match(text, end)
    line = text.rfind("\n", 0, place) + 1
    return Setting(named[1], value, items, line, start, end, after.end()) if after else None


def settings(text: str) -> tuple[Setting, ...]:
    """All settings in order; EditRefused at the first line that is not one whole setting, as libvirt would refuse it.

    libvirt reads two more things, which are refused too: settings behind a ; and a line end of \\r alone.
    """
    found: list[Setting] = []
    place = 0
    if stray := re.search(r"\r(?!\n)", text):
        raise _refusal(text, stray.start())
    while (place := _behind_gap(text, place)) < len(text):
        if text[place] == "#":
            place = text.find("\n", place) + 1 or len(text)
            continue
        setting = _setting(text, place)
        if not setting:
            raise _refusal(text, place)
        found.append(setting)
        place = setting.behind
    return tuple(found)


def _refusal(text: str, place: int) -> EditRefused:
    sentence = "This is not one plain setting a line; fix it by hand."
    return EditRefused(sentence, *line_at(text, place))


def _in_force(text: str, name: str) -> Setting | None:
    return next((s for s in settings(text) if s.name == name), None)


def get(text: str, name: str) -> str | int | tuple[str, ...] | None:
    """The value, or None where the file leaves libvirt's default.

    >>> get('#user = "root"\\nuser = "alice" # me\\n', "user"), get('#user = "root"', "user")
    ('alice', None)
    """
    found = _in_force(text, name)
    return found.value if found else None


def _default(text: str, name: str) -> tuple[str, int] | None:
    """The last commented-out default of a name, without its #, and the offset behind its lines."""
    found = None
    for match in re.finditer(rf"^#[ \t]?(?={re.escape(name)}[ \t]*=)", text, re.MULTILINE):
        block = re.match(r"(?:#[^\n]*(?:\n|\Z)){1,100}", text[match.start() :])
        bare = [re.sub(r"^#", "", line) for line in re.findall(r"[^\n]*\n|[^\n]+", block[0])] if block else []
        setting = _setting("".join(bare), len(bare[0]) - len(bare[0].lstrip(" \t"))) if bare else None
        if setting:
            taken = "".join(bare)[: setting.behind]
            found = (taken, match.start() + setting.behind + len(lines_of(taken)))
    return found


def default_list(text: str, name: str) -> tuple[str, ...] | None:
    """The list that the file shows as a commented-out default."""
    found = _default(text, name)
    setting = _setting(found[0].lstrip(" \t"), 0) if found else None
    return setting.value if setting and isinstance(setting.value, tuple) else None


def _insert(text: str, name: str, statement: str) -> str:
    """A new statement behind the commented-out default of its name, else at the end."""
    found = _default(text, name)
    if not found or text[found[1] - 1] != "\n":
        return with_line(text, statement)
    return text[: found[1]] + statement + line_end(text) + text[found[1] :]


def _quoted(value: str, quote: str = '"') -> str:
    quote = quote if quote not in value else "'" if quote == '"' else '"'
    if quote in value or "\n" in value or "\r" in value:
        raise ValueError("libvirt has no quotes for this text")
    return f"{quote}{value}{quote}"


def set_value(text: str, name: str, value: str | int) -> str:
    """The text with the name at a text or a number; a comment behind it stays.

    A name that is not set yet gets a line behind its commented-out default. EditRefused where the file is damaged.
    """
    found = _in_force(text, name)
    if not found:
        return _insert(text, name, f"{name} = {_quoted(value) if isinstance(value, str) else value}")
    if found.value == value:
        return text
    first = text[found.start]
    new = _quoted(value, first if first in "'\"" else '"') if isinstance(value, str) else str(value)
    return text[: found.start] + new + text[found.end :]


def unset(text: str, name: str) -> str:
    """The text that leaves the name at libvirt's default."""
    for setting in reversed(settings(text)):
        if setting.name == name:
            mine = [line for line in lines_of(text) if setting.statement <= line.start < setting.behind]
            text = without_lines(text, mine)
    return text


def add_item(text: str, name: str, item: str, defaults: Sequence[str] = ()) -> str:
    """The text whose list holds the item too; unchanged where it does.

    A list that is not set yet begins as the commented-out default of the file, else as `defaults`: what is written
    replaces libvirt's own list. EditRefused where neither is known, and where the value is no list.
    """
    found = _in_force(text, name)
    if found:
        return _with_item(text, found, item)
    shown = _default(text, name)
    listed = default_list(text, name)
    if shown and listed:
        statement = shown[0].lstrip(" \t").removesuffix("\n").removesuffix("\r")
    elif defaults:
        statement = f"{name} = [ {', '.join(_quoted(word) for word in defaults)} ]"
    else:
        raise EditRefused(f"The default of {name} is not shown in this file; add the whole list by hand.")
    alone = _setting(statement, 0)
    assert alone
    return _insert(text, name, _with_item(statement, alone, item))


def _with_item(text: str, found: Setting, item: str) -> str:
    if not isinstance(found.value, tuple):
        raise EditRefused("This is no list; edit it by hand.", *line_at(text, found.statement))
    if item in found.value:
        return text
    if not found.items:
        return f"{text[: found.start]}[ {_quoted(item)} ]{text[found.end :]}"
    last = found.items[-1]
    new = _quoted(item, text[last.start])
    line = text.rfind("\n", 0, last.start) + 1
    indent = re.match(r"[ \t]*", text[line:])
    several = indent and "\n" in text[last.end : found.end]
    gap = line_end(text) + indent[0] if indent and several and line > found.statement else " "
    return f"{text[: last.end]},{gap}{new}{text[last.end :]}"


def remove_item(text: str, name: str, item: str) -> str:
    """The text whose list does not hold the item."""
    while (found := _in_force(text, name)) and isinstance(found.value, tuple) and item in found.value:
        place = found.value.index(item)
        mine = found.items[place]
        if place:
            start, end = found.items[place - 1].end, mine.end
        elif len(found.items) > 1:
            start, end = mine.start, found.items[1].start
        else:
            start, end = mine.start, _behind_gap(text, mine.end) + (text[_behind_gap(text, mine.end)] == ",")
        text = text[:start] + text[end:]
    return text

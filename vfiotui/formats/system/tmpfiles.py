"""tmpfiles.d: type, path, mode, user, group, age and argument in one line (tmpfiles.d(5))."""

from __future__ import annotations

import re

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass

FIELD = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\S+")
ADJUSTS = "zZaAtThHmwxXrR"
"""Types that may name a path beside the entry that makes it."""
PLAIN = re.compile(r"[^\s\"'\\#][^\s\"'\\]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is made at one path; - stands for the default."""

    type: str
    """f, d, w, L, … with its modifiers."""
    path: str
    mode: str = "-"
    user: str = "-"
    group: str = "-"
    age: str = "-"
    argument: str = ""
    """The rest of the line, blanks included."""

    def line(self) -> str:
        """The entry as a line, without its end."""
        fields = f"{self.type} {self.path} {self.mode} {self.user} {self.group} {self.age}"
        return f"{fields} {self.argument}".rstrip()


def _fields(line: str) -> list[tuple[int, int]]:
    """Where the six fields and the argument of a line stand; none for comments."""
    if line.lstrip().startswith("#"):
        return []
    places: list[tuple[int, int]] = []
    end = 0
    while len(places) < 6 and (match := FIELD.search(line, end)):
        places.append(match.span())
        end = match.end()
    rest = line[end:]
    if rest.strip():
        places.append((end + len(rest) - len(rest.lstrip()), len(line.rstrip())))
    return places


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[0] in "\"'" and len(word) > 1 else word


def _entry(line: str) -> Entry | None:
    places = _fields(line)
    if len(places) < 2:
        return None
    words = [line[a:b] for a, b in places]
    return Entry(*(_unquoted(word) for word in words[:6]), *words[6:])


def entries(text: str) -> tuple[Entry, ...]:
    """All entries in order; of one type and path the first of a file is in force.

    >>> entries("f /dev/shm/looking-glass 0660 alice kvm -\\n")[0].user
    'alice'
    """
    return tuple(entry for line in lines_of(text) if (entry := _entry(line.text)))


def put(text: str, entry: Entry) -> str:
    """The text that makes this entry: only the fields that differ change in the line of its type and path.

    EditRefused where that line quotes or escapes a field that would change, and where another makes the path otherwise.
    """
    fields = (entry.type, entry.path, entry.mode, entry.user, entry.group, entry.age)
    if not all(PLAIN.fullmatch(field) for field in fields) or "\n" in entry.argument:
        raise ValueError("a field is one plain word and the argument one line")
    for line in lines_of(text):
        found = _entry(line.text)
        if found is None or found.path != entry.path:
            continue
        if found.type[0] == entry.type[0]:
            return text[: line.start] + _changed(line, found, entry) + text[line.end :]
        if not {found.type[0], entry.type[0]} & set(ADJUSTS):
            raise EditRefused("This path is made as another kind of thing; edit it by hand.", line.number, line.text)
    return with_line(text, entry.line())


def _changed(line: Line, found: Entry, entry: Entry) -> str:
    """The line with the fields of the entry."""
    if found == entry:
        return line.text
    wanted = [entry.type, entry.path, entry.mode, entry.user, entry.group, entry.age, entry.argument]
    places, text = _fields(line.text), line.text
    for (start, end), new in reversed(list(zip(places, wanted, strict=False))):
        old = text[start:end]
        if _unquoted(old) == new:
            continue
        if old[0] in "\"'" or "\\" in old:
            raise EditRefused("A field in quotes is not changed; edit it by hand.", line.number, line.text)
        text = text[:start] + new + text[end:]
    missing = wanted[len(places) :]
    while missing and missing[-1] in ("-", ""):
        missing.pop()
    end = len(text.rstrip())
    return text[:end] + "".join(f" {word}" for word in missing) + text[end:]


def remove(text: str, path: str) -> str:
    """The text without any entry of the path."""
    named = ((line, _entry(line.text)) for line in lines_of(text))
    return without_lines(text, [line for line, found in named if found and found.path == path])

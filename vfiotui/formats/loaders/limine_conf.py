"""limine.conf, and limine.cfg as it was before Limine 8: a menu of entries, each with its own words.

Now `/name` begins an entry and `key: value` is an assignment; before, `:NAME` and `KEY=value`. More marks in front
are deeper in the menu. Comments have lines of their own; keys ignore case; ${MACRO} stands for what
`${MACRO}=text` gave it (limine CONFIG.md).
"""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit, rewrite
from vfiotui.formats.loaders.word_field import Field, Unit, edit_fields, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, line_end, lines_of
from vfiotui.model.base.value import dataclass, field

MACRO = re.compile(r"\$\{([^}\s]+)\}")
DEFINED = re.compile(r"[ \t]*\$\{([^}\s]+)\}=(.*)")
NOW = (re.compile(r"[ \t]*(/+)(\+?)(.*)"), re.compile(r"([ \t]*)([\w-]+):"), ": ")
BEFORE = (re.compile(r"[ \t]*(:+)(\+?)(.*)"), re.compile(r"([ \t]*)([\w-]+)="), "=")
WORDS_KEYS = ("cmdline", "kernel_cmdline")
PATH = re.compile(r"\$?(\w+)\(([^)]*)\):(.*)")
BUILT_IN = {"ARCH": "x86-64"}
"""Macros that Limine defines itself."""


@dataclass(slots=True)
class Entry:
    """One entry of the menu."""

    title: str
    """With the titles of the folders around it: "Arch Linux/fallback"."""
    depth: int = 1
    line: int = 0
    """The number of the line that begins it."""
    expanded: bool = False
    """Whether a folder shows its entries from the start."""
    values: list[tuple[str, str, int]] = field(default_factory=list)
    """Key in lower case, value with its macros replaced, and number of the line."""
    protocol: Line | None = None
    starts_linux: bool = False
    """Whether its words go to a Linux kernel: protocol linux, or an EFI program with words of its own."""
    fields: list[Field] = field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        """What the kernel gets."""
        return words_of(self.fields[:1])

    def value(self, *keys: str) -> str | None:
        """The first value of the first of these keys that is there; None where there is none."""
        return next((v for key in keys for k, v, _ in self.values if k == key), None)

    def every(self, key: str) -> tuple[str, ...]:
        """All values of a key in order."""
        return tuple(v for k, v, _ in self.values if k == key)


@dataclass(frozen=True, slots=True)
class Place:
    """A path as Limine writes it: resource(argument):/path#hash."""

    resource: str
    """boot, hdd, odd, guid, uuid, fslabel, tftp; empty where the text is no such path."""
    argument: str
    path: str
    hash: str
    """The blake2b hash that the file must have, 128 digits; empty where none is pinned."""


def place_of(text: str) -> Place:
    """The parts of a path.

    >>> place_of("boot():/vmlinuz#ab").path, place_of("guid(1-2):/x").argument
    ('/vmlinuz', '1-2')
    """
    match = PATH.fullmatch(text.strip())
    if not match:
        return Place("", "", text.strip(), "")
    path, _, pinned = match[3].partition("#")
    return Place(match[1].lower(), match[2], path, pinned)


def _syntax(lines: list[Line]) -> tuple[re.Pattern[str], re.Pattern[str], str]:
    """The syntax that the first entry is written in."""
    marks = (line.text.lstrip()[:1] for line in lines)
    return BEFORE if next((m for m in marks if m in ("/", ":")), "/") == ":" else NOW


def _units(text: str, start: int, end: int, macros: dict[str, str]) -> tuple[Unit, ...]:
    """The value character by character; what a macro stands for is not in its place."""
    found: list[Unit] = []
    while start < end:
        macro = MACRO.match(text, start, end)
        if not macro:
            found.append(Unit(text[start], start, start + 1))
            start += 1
            continue
        found += [Unit(char, start, macro.end(), fixed=True) for char in macros.get(macro[1], "")]
        start = macro.end()
    return tuple(found)


def _macros(lines: list[Line]) -> dict[str, str]:
    return BUILT_IN | {m[1]: m[2] for line in lines if (m := DEFINED.match(line.text))}


def settings(text: str) -> tuple[tuple[str, str, int], ...]:
    """Key in lower case, value and line number of every setting of the menu itself: those ahead of its first entry.

    >>> settings("timeout: 3\\nDefault_Entry: 2\\n/Arch\\nquiet: yes\\n")
    (('timeout', '3', 1), ('default_entry', '2', 2))
    """
    lines = lines_of(text)
    entry_line, assignment, _ = _syntax(lines)
    macros = _macros(lines)
    found = []
    for line in lines:
        if entry_line.match(line.text):
            break
        if not DEFINED.match(line.text) and (given := assignment.match(line.text)):
            found.append((given[2].lower(), _value(line, given.end(), macros), line.number))
    return tuple(found)


def _value(line: Line, at: int, macros: dict[str, str]) -> str:
    return MACRO.sub(lambda m: macros.get(m[1], ""), line.text[at:]).strip(" \t\r")


def entries(text: str) -> tuple[Entry, ...]:
    """All entries in order, folders too.

    >>> [(e.title, e.words) for e in entries("timeout: 3\\n/Arch\\n  protocol: linux\\n  cmdline: rw quiet\\n")]
    [('Arch', ('rw', 'quiet'))]
    """
    lines = lines_of(text)
    entry_line, assignment, separator = _syntax(lines)
    macros = _macros(lines)
    found: list[Entry] = []
    path: list[str] = []
    for line in lines:
        if DEFINED.match(line.text):
            continue
        if begins := entry_line.match(line.text):
            depth = len(begins[1])
            path[depth - 1 :] = [begins[3].strip()]
            found.append(Entry("/".join(path), depth, line.number, bool(begins[2])))
        elif found and (given := assignment.match(line.text)):
            key, at = given[2].lower(), line.start + given.end()
            found[-1].values.append((key, _value(line, given.end(), macros), line.number))
            if key == "protocol":
                found[-1].protocol = line
            elif key in WORDS_KEYS:
                units = _units(text, at, line.end, macros)
                found[-1].fields.append(Field(units, line.end, line.number, line.text, joins=separator == ": "))
    for entry in found:
        protocol = (entry.value("protocol") or "").lower()
        entry.starts_linux = protocol == "linux" or (protocol in EFI and bool(entry.fields))
    return tuple(found)


EFI = ("efi", "efi_chainload")
"""Protocols that start an EFI program; `cmdline` is what it is given, over a unified image's own words."""


def _chosen(text: str, title: str | None) -> list[Entry]:
    return [e for e in entries(text) if e.starts_linux and title in (None, e.title)]


def words(text: str, title: str | None = None) -> tuple[str, ...]:
    """The words that every Linux entry gets, in the order of the first; with a title, those of that entry."""
    found = [entry.words for entry in _chosen(text, title)]
    return tuple(w for w in found[0] if all(w in others for others in found)) if found else ()


def edit_words(text: str, edit: WordEdit, title: str | None = None) -> str:
    """The file with the words of every Linux entry edited, or of the one with this title. Raises EditRefused."""
    chosen = _chosen(text, title)
    if not chosen:
        raise EditRefused("The file has no such entry that starts Linux.")
    # From the last to the first, so that places further up stay true.
    for entry in reversed(chosen):
        if len(entry.fields) > 1:
            raise EditRefused(
                f"The entry {entry.title} has its words twice, and versions of Limine differ in which they take.",
                entry.fields[1].line_number,
                entry.fields[1].line_text,
            )
        text = edit_fields(text, entry.fields, edit) if entry.fields else _with_words(text, entry, edit)
    return text


def _with_words(text: str, entry: Entry, edit: WordEdit) -> str:
    """A line of words behind the line that names the protocol."""
    new = rewrite((), edit)
    if not new or entry.protocol is None:
        return text
    line = entry.protocol
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    separator = _syntax(lines_of(text))[2]
    key = "CMDLINE" if separator == "=" else "cmdline"
    added = f"{line_end(text)}{indent}{key}{separator}{' '.join(k.text for k in new)}"
    return text[: line.end] + added + text[line.end :]

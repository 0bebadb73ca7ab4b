"""Entries that a person wrote by hand for GRUB: in 40_custom and its like, and in custom.cfg. Their kernel's line is
edited where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.formats.loaders.grub_cfg import Command, For, Function, If, Statement, While, Word, parse
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.loaders.word_field import Field, edit_fields, plain_field, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import lines_of
from vfiotui.model.base.value import dataclass

LINUX = re.compile(r"\s*linux(?:efi|16)?\s+\S+")
KERNELS = ("linux", "linuxefi", "linux16")
BROKEN = re.compile(r"[{};$]")


@dataclass(frozen=True, slots=True)
class HandEntry:
    """A menuentry as it stands in a file."""

    title: str
    id: str
    lines: tuple[int, ...]
    """Lines, from 1, of the commands that load a kernel."""


def _text(word: Word) -> str:
    return "".join(part.text for part in word.parts if "variable" not in part.kind)


def entries(text: str) -> tuple[HandEntry, ...]:
    """The entries of a file in order, those of submenus too. A script's shell lines around them are passed over.

    >>> entries("#!/bin/sh\\nexec tail -n +3 $0\\nmenuentry 'A' --id a {\\n linux /k quiet\\n}\\n")
    (HandEntry(title='A', id='a', lines=(4,)),)
    """
    return tuple(_entries(parse(text).statements))


def _entries(statements: tuple[Statement, ...]) -> Iterator[HandEntry]:
    for one in statements:
        match one:
            case Command(words, block) if block is not None and len(words) > 1 and _text(words[0]) == "menuentry":
                names = [_text(w) for w in words]
                raw = [w.parts[0].text for w in words if w.parts]
                held = next((i for i, n in enumerate(raw) if n in ("--id", "menuentry_id_option")), None)
                given = names[held + 1] if held is not None and held + 1 < len(names) else ""
                joined = next((n[5:] for n in names if n.startswith("--id=")), "")
                yield HandEntry(names[1], given or joined or names[1], tuple(_kernels(block)))
            case Command(_, block) if block is not None:
                yield from _entries(block)
            case If(condition, then, otherwise):
                yield from _entries((*condition, *then, *otherwise))
            case For() | While() | Function():
                yield from _entries(one.body)


def _kernels(block: tuple[Statement, ...]) -> Iterator[int]:
    for one in block:
        match one:
            case Command(words) if words and _text(words[0]) in KERNELS:
                yield one.line
            case If(_, then, otherwise):
                yield from _kernels((*then, *otherwise))


def _fields(text: str, name: str) -> list[Field]:
    """The words of the kernels of the entry with this title or id; EditRefused where there is none or it is no line."""
    entry = next((e for e in entries(text) if name in (e.id, e.title)), None)
    if entry is None or not entry.lines:
        raise EditRefused(f"No entry {name!r} with a line that begins with linux stands here; edit it by hand.")
    found = []
    for line in lines_of(text):
        if line.number in entry.lines:
            head = LINUX.match(line.text)
            if not head or "#" in line.text or line.text.rstrip().endswith("\\"):
                raise EditRefused(
                    "The kernel's words are not all on this line; edit it by hand.", line.number, line.text
                )
            field = plain_field(text, line.start + head.end(), line.end, line.number, line.text)
            found.append(field.joined())
    return found


def words(text: str, name: str) -> tuple[str, ...]:
    """The words of the entry with this title or id."""
    return words_of(_fields(text, name))


def edit_words(text: str, name: str, edit: WordEdit) -> str:
    """The file with the words of the entry with this title or id edited; equal where nothing has to change.

    Raises EditRefused for an entry that is not there, and for words that GRUB's language would read as its own.

    >>> edit_words("menuentry A {\\n\\tlinux /k quiet\\n}\\n", "A", WordEdit(add=("iommu=pt",)))
    'menuentry A {\\n\\tlinux /k quiet iommu=pt\\n}\\n'
    """
    for word in (*edit.add, *edit.replace):
        if BROKEN.search(word):
            raise EditRefused(f"GRUB's language has a meaning of its own for a character of {word}.")
    fields = _fields(text, name)
    if len(fields) > 1:
        raise EditRefused("The entry loads more than one kernel; edit it by hand.")
    return edit_fields(text, fields, edit)

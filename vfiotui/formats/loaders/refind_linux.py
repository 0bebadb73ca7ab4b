"""refind_linux.conf: one menu entry per line, a title and the kernel's words, both in double quotes.

rEFInd starts the first entry unless told otherwise; the others are ways back, so an edit leaves them alone unless it
is given their title. Inside quotes "" stands for one (rodsbooks.com/refind/linux.html, "For Those With Foresight").
"""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.loaders.word_field import Field, Unit, edit_fields, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, lines_of
from vfiotui.model.base.value import dataclass

TOKEN = re.compile(r'[ \t]*(?:"((?:[^"]|"")*)"|([^\s"]+))')


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    title: str
    line: Line
    field: Field | None
    """Its words; None where they are not one quoted string."""

    @property
    def words(self) -> tuple[str, ...]:
        """What the kernel gets."""
        return words_of([self.field]) if self.field else ()


def spell(text: str, quote: str) -> str:
    """The text as it has to be written inside double quotes."""
    return text.replace('"', '""')


def _units(text: str, start: int, end: int) -> tuple[Unit, ...]:
    found: list[Unit] = []
    while start < end:
        length = 2 if text[start] == '"' else 1
        found.append(Unit(text[start], start, start + length, '"'))
        start += length
    return tuple(found)


def entries(text: str) -> tuple[Entry, ...]:
    """All entries in order.

    >>> [(e.title, e.words) for e in entries('"Standard"  "ro quiet"\\n# x\\n"Single" "ro single"')]
    [('Standard', ('ro', 'quiet')), ('Single', ('ro', 'single'))]
    """
    found = []
    for line in lines_of(text):
        title = TOKEN.match(text, line.start, line.end)
        if not title or line.text.lstrip().startswith("#"):
            continue
        value = TOKEN.match(text, title.end(), line.end)
        field = None
        if value and value[1] is not None:
            units = _units(text, *value.span(1))
            field = Field(units, value.end(1), line.number, line.text, '"', spell=spell)
        name = title[2] if title[1] is None else title[1].replace('""', '"')
        found.append(Entry(name, line, field))
    return tuple(found)


def words(text: str, title: str | None = None) -> tuple[str, ...]:
    """The words of the entry with this title, or of the first one; none where there is no such entry."""
    return next((entry.words for entry in entries(text) if title in (None, entry.title)), ())


def edit_words(text: str, edit: WordEdit, title: str | None = None) -> str:
    """The file with the words of one entry edited, the first one unless a title is given. Raises EditRefused."""
    entry = next((one for one in entries(text) if title in (None, one.title)), None)
    if entry is None:
        raise EditRefused("The file has no such entry.")
    if entry.field is None:
        raise EditRefused("The words of the entry are not in double quotes.", entry.line.number, entry.line.text)
    return edit_fields(text, [entry.field], edit)

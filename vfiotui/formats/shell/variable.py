"""Kernel words in a shell variable: every assignment that makes its value, edited where it stands."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.loaders.word_field import Field, Unit, edit_fields, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import STOPS, Meddling, ShellAssignment, events, line_at, meddlings, scan

BARE = re.compile(r"[\w.,:=/@%+-]+", re.ASCII)
SPECIAL = re.compile(r'(["\\$`])')

Value = tuple[Unit, ...] | EditRefused
"""A variable's value, or why it is not known."""


def spell(text: str, quote: str) -> str:
    """The text as it has to be written inside these quotes; outside of any it brings its own."""
    if quote == "'" or (not quote and BARE.fullmatch(text)):
        return text
    escaped = SPECIAL.sub(r"\\\1", text)
    return escaped if quote else f'"{escaped}"'


def mentions(text: str, name: str) -> bool:
    """Whether the file gives the variable a value anywhere, or holds a command that may change it."""
    return any(one.name == name for one in scan(text)) or any(one.changes(name) for one in meddlings(text))


def field_of(text: str, name: str) -> Field | None:
    """The variable's value in the end, or None where it is never assigned.

    Raises EditRefused where it depends on what only a shell can know, and where a command takes the value away again: a
    word that is written into such a variable never reaches the kernel.
    """
    known: dict[str, Value] = {}
    last: ShellAssignment | None = None
    stopped: EditRefused | None = None
    for one in events(text):
        if isinstance(one, Meddling):
            stopped = stopped or _meddle(text, one, known, name)
            continue
        known[one.name] = stopped or _value(text, one, known)
        if one.name == name:
            last = one
    value = known.get(name)
    if isinstance(value, EditRefused):
        raise value
    if last is None or value is None:
        return None
    number, line = line_at(text, last.start)
    word = last.words[0]
    quote = text[word.start : word.start + 1] if word.end > word.start else ""
    quote = quote if quote in ("'", '"') else ""
    tail = word.start + len(quote)
    if word.parts:
        tail, quote = word.parts[-1].end, word.parts[-1].quote
    return Field(value, tail, number, line, quote, word.start, last.append, spell)


def _meddle(text: str, one: Meddling, known: dict[str, Value], name: str) -> EditRefused | None:
    """Takes note that a command may change variables; the refusal for all that stands below where it ends the file."""
    place = line_at(text, one.start)
    if one.verb in STOPS:
        return EditRefused(f"What stands below {one.verb!r} may not be read; edit it by hand.", *place)
    for changed in one.names or {*known, name}:
        known[changed] = EditRefused(f"{one.verb!r} may change {changed}; edit it by hand.", *place)
    return None


def _value(text: str, one: ShellAssignment, known: dict[str, Value]) -> Value:
    """What the variable holds after this assignment."""

    def refused(why: str) -> EditRefused:
        return EditRefused(f"{one.name} {why}; edit it by hand.", *line_at(text, one.start))

    before = known.get(one.name, ())
    if not one.certain:
        return refused("is assigned only under a condition, or in a process of its own")
    if one.array:
        return refused("is an array and not one line of words")
    if not one.words[0].closed:
        return refused("has a quote that is never closed")
    last = one.words[0].parts[-1] if one.words[0].parts else None
    if last is not None and last.end == len(text) and text.endswith("\\") and last.end - last.start == 1:
        # It would take in whatever an edit puts behind it.
        return refused("ends with a backslash at the end of the file")
    units: list[Unit] = []
    named_itself = False
    for part in one.words[0].parts:
        if part.kind == "character":
            units.append(Unit(part.text, part.start, part.end, part.quote))
            continue
        held = known.get(part.text) if part.kind == "variable" else None
        reference = Unit("", part.start, part.end, part.quote, fixed=True)
        if part.text == one.name and not named_itself:
            named_itself = True
            if isinstance(before, EditRefused):
                return before
            units += before or (reference,)
        elif held is None or isinstance(held, EditRefused) or part.text == one.name:
            return refused("has a value that shell code computes")
        else:
            units += [reference._replace(text=u.text) for u in held] or [reference]
    if not one.append:
        return tuple(units)
    return before if isinstance(before, EditRefused) else (*before, *units)


def words(text: str, name: str) -> tuple[str, ...]:
    """The words of the variable's value; none where it is never assigned. Raises EditRefused as `field_of` does."""
    field = field_of(text, name)
    return words_of([field]) if field else ()


def edit_words(text: str, names: tuple[str, ...], edit: WordEdit) -> str:
    """The text with the words of these variables, read as one line in this order, edited.

    New words go to the last one. A value without quotes gets them once it needs them.
    """
    edited = edit_fields(text, _fields(text, names), edit)
    if edited.count('"') != text.count('"'):
        quoted = _quoted(text, names[-1])
        edited = edit_fields(quoted, _fields(quoted, names), edit)
    return edited


def _fields(text: str, names: tuple[str, ...]) -> list[Field]:
    return [field for name in names if (field := field_of(text, name)) is not None]


def _quoted(text: str, name: str) -> str:
    """The text with double quotes around the last value of the variable, if it has none and that changes nothing."""
    word = [one for one in scan(text) if one.name == name][-1].words[0]
    raw = text[word.start : word.end]
    return f'{text[: word.start]}"{raw}"{text[word.end :]}' if BARE.fullmatch(raw) else text

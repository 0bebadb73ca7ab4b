"""Kernel words inside a text: where each character of them stands, and how an edit of the words edits the text.

A format describes its value as units: one per character, with the span that spells it in the file. What spells
nothing (quotes, continuations) is in no unit, so no edit can hurt it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from vfiotui.formats.loaders.kernel_words import FOR_INIT, Kept, Word, WordEdit, rewrite
from vfiotui.model.base.value import dataclass, replace


class Unit(NamedTuple):
    """A character of a value and the span of the text that spells it."""

    text: str
    start: int
    end: int
    quote: str = ""
    """Which quotes it stands in."""
    fixed: bool = False
    """It comes from elsewhere; the span is the reference to it."""


class Splice(NamedTuple):
    """A span of the text that is to be something else."""

    start: int
    end: int
    text: str


def as_it_is(text: str, quote: str) -> str:
    """The spelling of formats without quotes."""
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """A value that holds kernel words."""

    units: tuple[Unit, ...]
    tail: int
    """Where a word goes that has no other place."""
    line_number: int
    line_text: str
    tail_quote: str = ""
    home: int = 0
    """New words are written behind this position only."""
    joins: bool = False
    """What is written here continues a value that begins elsewhere."""
    spell: Callable[[str, str], str] = as_it_is
    """How a text is written inside the given quotes."""

    def joined(self) -> Field:
        """The same value behind a key, from which a blank has to part it."""
        return replace(self, joins=True)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word with its units."""

    word: Word
    field: Field
    first: int
    end: int


def plain_field(text: str, start: int, end: int, line_number: int, line_text: str) -> Field:
    """The span as a value that is written as it is."""
    units = tuple(Unit(text[i], i, i + 1) for i in range(start, end))
    return Field(units, end, line_number, line_text)


def _placed(field: Field) -> list[_Placed]:
    found: list[_Placed] = []
    first, quoted = -1, False
    for i, unit in enumerate((*field.units, Unit("", 0, 0))):
        at_end = i == len(field.units)
        if at_end or (unit.text.isspace() and not quoted):
            if first >= 0:
                held = field.units[first:i]
                text, fixed = "".join(u.text for u in held), any(u.fixed for u in held)
                if text:
                    found.append(_Placed(Word(text, fixed, field.line_number, field.line_text), field, first, i))
                first = -1
            continue
        quoted ^= unit.text == '"'
        first = i if first < 0 else first
    return found


def words_of(fields: Sequence[Field]) -> tuple[str, ...]:
    """All words of the fields in order, as the kernel would get them."""
    return tuple(p.word.text for field in fields for p in _placed(field))


def edit_fields(text: str, fields: Sequence[Field], edit: WordEdit) -> str:
    """The text with its words edited and every other byte as it was. There is at least one field."""
    placed = [p for field in fields for p in _placed(field)]
    after = rewrite([p.word for p in placed], edit)
    gone: dict[int, set[int]] = {id(field): set() for field in fields}
    stays = {k.index for k in after}
    for i, one in enumerate(placed):
        if i not in stays:
            _clear(one, gone[id(one.field)])
    splices = [Splice(field.units[i].start, field.units[i].end, "") for field in fields for i in gone[id(field)]]
    new: list[str] = []
    anchor: _Placed | None = None
    for kept in (*after, Kept(FOR_INIT, len(placed))):
        if kept.index is None:
            new.append(kept.text)
            continue
        following = placed[kept.index] if kept.index < len(placed) else None
        if new:
            filled = any(i not in gone[id(fields[-1])] for i in range(len(fields[-1].units)))
            splices.append(_inserted(" ".join(new), anchor, following, fields[-1], filled))
            new = []
        if following is not None:
            splices += _changed(following, kept.text)
            anchor = following
    return apply(text, splices)


def _clear(one: _Placed, gone: set[int]) -> None:
    """Mark a word's units, and one blank that parted it from its neighbour."""
    gone.update(range(one.first, one.end))
    for blank in (one.first - 1, one.end):
        unit = one.field.units[blank] if 0 <= blank < len(one.field.units) else None
        if unit is not None and blank not in gone and unit.text.isspace() and not unit.fixed:
            gone.add(blank)
            return


def _inserted(new: str, anchor: _Placed | None, following: _Placed | None, last: Field, filled: bool) -> Splice:
    """New words in front of a word that has to stay last, or else at the end of the last field."""
    if anchor is not None and (following is not None or anchor.field is last):
        unit = anchor.field.units[anchor.end - 1]
        if not unit.fixed and (following is not None or unit.end > last.home):
            return Splice(unit.end, unit.end, anchor.field.spell(f" {new}", unit.quote))
    if following is not None and not following.word.fixed:
        unit = following.field.units[following.first]
        return Splice(unit.start, unit.start, following.field.spell(f"{new} ", unit.quote))
    blank = " " if filled or last.joins else ""
    return Splice(last.tail, last.tail, last.spell(f"{blank}{new}", last.tail_quote))


def _changed(one: _Placed, text: str) -> list[Splice]:
    """The part of a word that differs."""
    old = one.word.text
    if old == text:
        return []
    units = one.field.units[one.first : one.end]
    head = next((i for i, (a, b) in enumerate(zip(old, text, strict=False)) if a != b), min(len(old), len(text)))
    room = min(len(old), len(text)) - head
    foot = next((i for i in range(room) if old[-1 - i] != text[-1 - i]), room)
    near = units[head - 1] if head else units[0]
    at = near.end if head else near.start
    middle = text[head : len(text) - foot]
    gone = [Splice(u.start, u.end, "") for u in units[head : len(units) - foot]]
    return [*gone, Splice(at, at, one.field.spell(middle, near.quote))] if middle else gone


def apply(text: str, splices: Sequence[Splice]) -> str:
    """The text with every splice carried out; they do not overlap, and those at one place keep their order."""
    for _, one in sorted(enumerate(splices), key=lambda s: (s[1].start, s[1].end, s[0]), reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text

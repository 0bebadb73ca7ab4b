"""/etc/kernelstub/configuration, from which Pop!_OS writes its loader entries: JSON whose layout is kept.

The words of the host are user.kernel_options, a list of strings; the first revisions had one string
(kernelstub README).
"""

from __future__ import annotations

import json
import re

from vfiotui.formats.loaders.kernel_words import FOR_INIT, Word, WordEdit, rewrite
from vfiotui.formats.loaders.word_field import Field, Splice, Unit, apply, edit_fields, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import line_at
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import split

SPACE = re.compile(r"[ \t\r\n]*")
CHARACTER = re.compile(r'\\u[0-9a-fA-F]{4}|\\.|[^"\\]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the span that it takes."""

    value: object
    start: int
    end: int


def _read(text: str, at: int) -> Value:
    start = _skip(text, at)
    value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    return Value(value, start, end)


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _member(text: str, at: int, name: str) -> int | None:
    """Where the value of this member begins, in the object that begins here; the last one counts, as json has it."""
    found = None
    at = _skip(text, at + 1)
    while text[at] != "}":
        key = _read(text, at)
        value = _read(text, _skip(text, key.end) + 1)
        found = value.start if key.value == name else found
        at = _skip(text, value.end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _options(text: str) -> Value:
    """user.kernel_options. Raises EditRefused where there is none."""
    try:
        at = _skip(text, 0)
        whole = _read(text, at)
        if _skip(text, whole.end) != len(text):
            raise ValueError
        for name in ("user", "kernel_options"):
            inner = _member(text, at, name) if text[at] == "{" else None
            if inner is None:
                raise EditRefused("The file has no user.kernel_options.")
            at = inner
        return _read(text, at)
    except EditRefused:
        raise
    except (ValueError, IndexError, RecursionError):
        raise EditRefused("The file is no JSON that could be edited.") from None


def _elements(text: str, options: Value) -> list[Value]:
    found: list[Value] = []
    at = _skip(text, options.start + 1)
    while text[at] != "]":
        found.append(_read(text, at))
        at = _skip(text, found[-1].end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def words(text: str) -> tuple[str, ...]:
    """The words that kernelstub gives to every entry. Raises EditRefused where the file has none.

    >>> words('{"user": {"kernel_options": ["quiet", "splash"]}}')
    ('quiet', 'splash')
    """
    options = _options(text)
    if isinstance(options.value, str):
        return words_of([_string(text, options)])
    return tuple(word.text for _, word in _words(text, options))


def _words(text: str, options: Value) -> list[tuple[Value, Word]]:
    """Every word with the element that holds it."""
    if not isinstance(options.value, list) or not all(isinstance(v, str) for v in options.value):
        raise EditRefused("user.kernel_options is no list of texts.", *line_at(text, options.start))
    found = []
    for element in _elements(text, options):
        held = split(str(element.value))
        found += [(element, Word(word, len(held) > 1, *line_at(text, element.start))) for word in held]
    return found


def spell(text: str, quote: str) -> str:
    """The text as it has to be written inside a JSON string."""
    return json.dumps(text)[1:-1]


def _string(text: str, options: Value) -> Field:
    units = []
    at = options.start + 1
    while at < options.end - 1 and (match := CHARACTER.match(text, at)):
        units.append(Unit(json.loads(f'"{match[0]}"', strict=False), at, match.end(), '"'))
        at = match.end()
    return Field(tuple(units), options.end - 1, *line_at(text, options.start), tail_quote='"', spell=spell)


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change. Raises EditRefused."""
    options = _options(text)
    if isinstance(options.value, str):
        return edit_fields(text, [_string(text, options)], edit)
    placed = _words(text, options)
    after = rewrite([word for _, word in placed], edit)
    stays = {k.index: k.text for k in after if k.index is not None}
    new = [k.text for k in after if k.index is None]
    if new and FOR_INIT in stays.values():
        raise EditRefused("The list has a “--”, and kernelstub cannot put words before it.")
    elements = _elements(text, options)
    gone = {element.start for i, (element, _) in enumerate(placed) if i not in stays}
    splices = [
        Splice(element.start, element.end, json.dumps(stays[i]))
        for i, (element, word) in enumerate(placed)
        if i in stays and stays[i] != word.text
    ]
    left = [i for i, element in enumerate(elements) if element.start not in gone]
    splices += _without(elements, left)
    if new:
        splices.append(_with(text, options, elements, left, [json.dumps(word) for word in new]))
    return apply(text, splices)


def _without(elements: list[Value], left: list[int]) -> list[Splice]:
    """Elements that go, each with the comma that parts it from a neighbour."""
    found = []
    for i, element in enumerate(elements):
        if i in left:
            continue
        if left and i < left[0]:
            found.append(Splice(element.start, elements[i + 1].start, ""))
        elif i:
            found.append(Splice(elements[i - 1].end, element.end, ""))
        else:
            found.append(Splice(element.start, element.end, ""))
    return found


def _with(text: str, options: Value, elements: list[Value], left: list[int], new: list[str]) -> Splice:
    """New elements behind the last one, laid out as the list is."""
    if not elements:
        return Splice(options.start + 1, options.start + 1, ", ".join(new))
    between = text[elements[-2].end : elements[-1].start] if len(elements) > 1 else ""
    between = between or "," + (text[options.start + 1 : elements[0].start] or " ")
    at = elements[-1].end
    return Splice(at, at, (between if left else "") + between.join(new))

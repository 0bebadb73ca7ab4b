"""Lists of words in shell variables, edited where they stand: NAME=(a b), NAME="a b" and what += appends to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import NAME, ShellAssignment, line_at, meddlings, scan
from vfiotui.formats.shell.variable import BARE
from vfiotui.formats.text_lines import line_end, lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass

BLANK = re.compile(r"(?:[ \t]|\\\r?\n)+")
COMPUTED = "Shell code computes the value; edit it by hand."
DECIDED = "Shell code decides about the value; edit it by hand."


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a list."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """The words that one assignment brings."""

    assignment: ShellAssignment
    start: int
    """Offset behind the opening quote or bracket."""
    end: int
    """Offset of the closing one."""
    quoted: bool
    words: tuple[Word, ...]


def assignments(text: str, name: str) -> tuple[ShellAssignment, ...]:
    """The assignments that make up a variable: the last NAME= and what += appends to it.

    EditRefused where a condition, a function or other code has a say in the value.
    """
    for command in meddlings(text):
        if command.touches(name):
            raise EditRefused("Other shell code may set the value; edit it by hand.", *line_at(text, command.start))
    mine = [one for one in scan(text) if one.name.partition("[")[0] == name]
    for before, one in zip([None, *mine], mine, strict=False):
        if not one.certain or one.name != name:
            raise EditRefused(DECIDED, *line_at(text, one.start))
        # A text that follows an array becomes its first element, an array that is appended keeps the text as one.
        if before and one.array != before.array and (before.array or one.append):
            raise EditRefused("An array and a text are mixed here; edit it by hand.", *line_at(text, one.start))
    first = max((i for i, one in enumerate(mine) if not one.append), default=0)
    return tuple(mine[first:])


def _array(text: str, one: ShellAssignment) -> Part:
    """The elements of an array; EditRefused where the shell would compute one."""
    if text[one.end - 1] != ")" or (one.words and one.words[-1].end >= one.end):
        raise EditRefused("This bracket is never closed; fix it by hand.", *line_at(text, one.start))
    found = []
    for word in one.words:
        if word.literal is None or word.start == word.end or text[word.start] == "[":
            raise EditRefused(COMPUTED, *line_at(text, word.start))
        found.append(Word(word.literal, word.start, word.end))
    head = NAME.match(text, one.start)
    assert head
    return Part(one, head.end() + 1, one.end - 1, False, tuple(found))


def _text(text: str, one: ShellAssignment) -> Part:
    """The words of a text that stands in one pair of quotes or in none; EditRefused where it does not."""
    value = one.words[0]
    raw = text[value.start : value.end]
    quote = raw[:1] if raw[:1] in ("'", '"') else ""
    start, end = value.start + len(quote), value.end - len(quote)
    inner = text[start:end]
    spelled = re.sub(r"\\\r?\n", lambda match: " " * len(match[0]), inner) if quote == '"' else inner
    if not quote and not BARE.fullmatch(raw) and raw:
        raise EditRefused(COMPUTED, *line_at(text, one.start))
    if value.literal is None or not value.closed or (quote and (quote in inner or (quote == '"' and "\\" in spelled))):
        raise EditRefused(COMPUTED, *line_at(text, one.start))
    found = (Word(m[0], start + m.start(), start + m.end()) for m in re.finditer(r"\S+", spelled))
    return Part(one, start, end, bool(quote), tuple(found))


def parts(text: str, name: str) -> tuple[Part, ...]:
    """What is in force of a list, in order; EditRefused where shell code has a say in it."""
    found = tuple(_array(text, one) if one.array else _text(text, one) for one in assignments(text, name))
    filled = [part for part in found if part.end > part.start and not part.assignment.array]
    for before, after in pairwise(filled):
        ends = bool(before.words) and before.words[-1].end == before.end
        if ends and after.words and after.words[0].start == after.start:
            raise EditRefused("This word is joined to the one before; put a blank ahead.", *line_at(text, after.start))
    return found


def words(text: str, name: str) -> tuple[str, ...]:
    """The words of a list, in order.

    >>> words('MODULES=(a "b")\\nMODULES+=(c)', "MODULES")
    ('a', 'b', 'c')
    """
    return tuple(word.value for part in parts(text, name) for word in part.words)


def add(
    text: str,
    name: str,
    word: str,
    before: str | None = None,
    same: Callable[[str], str] = str,
    spaced: bool = False,
) -> str | None:
    """The text with one more word in the list, ahead of `before` where that is there, else at the end.

    Unchanged where it is there already; None where the variable is never set. `same` folds spellings of one word.
    With `spaced` a text is kept between blanks, as what is appended elsewhere needs it.
    """
    found = parts(text, name)
    if not found:
        return None
    if any(same(w.value) == same(word) for part in found for w in part.words):
        return text
    for part in found:
        for index, present in enumerate(part.words):
            if before is not None and same(present.value) == same(before):
                return _put(text, part, index, word, spaced)
    return _put(text, found[-1], len(found[-1].words), word, spaced)


def begin(text: str, opening: str, word: str, spaced: bool = False) -> str:
    """The text with a new list at its end that holds the word; `opening` is the line of the empty list.

    EditRefused where something above is still open, so that the shell would not read the line.
    """
    edited = add(with_line(text, opening), opening.partition("=")[0].rstrip("+"), word, spaced=spaced)
    if edited is None:
        raise EditRefused("A new line at the end would not be read; fix what is open above it by hand.")
    return edited


def remove(text: str, name: str, word: str, same: Callable[[str], str] = str) -> str:
    """The text whose list does not hold the word; a line that held nothing else goes whole, and an empty += too."""
    for part in reversed(parts(text, name)):
        taken = [i for i, present in enumerate(part.words) if same(present.value) == same(word)]
        empty = len(taken) == len(part.words) and part.assignment.append
        if taken and empty and not _around(text, part.assignment):
            text = without(text, part.assignment)
            continue
        for index in reversed(taken):
            text = _take(text, part, index)
    return text


def _around(text: str, one: ShellAssignment) -> str:
    """What else stands on the lines of an assignment."""
    start = text.rfind("\n", 0, one.start) + 1
    end = text.find("\n", one.end) + 1 or len(text)
    return (text[start : one.start] + text[one.end : end]).strip()


def without(text: str, one: ShellAssignment) -> str:
    """The text without the lines of an assignment; EditRefused where more than a comment stands beside it."""
    rest = _around(text, one)
    if rest and not rest.startswith("#"):
        raise EditRefused("More than this value stands in the line; edit it by hand.", *line_at(text, one.start))
    first = text.rfind("\n", 0, one.start) + 1
    return without_lines(text, [line for line in lines_of(text) if first <= line.start < one.end])


def _quoted(word: str, part: Part) -> str:
    if BARE.fullmatch(word):
        return word
    if not part.assignment.array or "\n" in word or not word:
        raise ValueError("a word of a shell list is plain")
    return "'" + word.replace("'", "'\\''") + "'"


def _indent(text: str, word: Word, floor: int) -> str | None:
    """The line end and indentation ahead of a word that begins its line; None where it does not."""
    start = text.rfind("\n", floor, word.start) + 1
    lead = text[start : word.start]
    if not start or lead.strip() or text[:start].rstrip("\r\n").endswith("\\"):
        return None
    return line_end(text) + lead


def _put(text: str, part: Part, index: int, word: str, spaced: bool) -> str:
    """The text with the word ahead of the one with this index, in the manner of its neighbours."""
    new = _quoted(word, part)
    place, inserted = _insertion(text, part, index, new)
    inner = text[part.start : place] + inserted + text[place : part.end]
    if not part.assignment.array:
        if (spaced or (part.assignment.append and not part.words)) and not inner[:1].isspace():
            inner = f" {inner}"
        if spaced and not inner[-1:].isspace():
            inner = f"{inner} "
        if not part.quoted:
            inner = f'"{inner}"'
    return text[: part.start] + inner + text[part.end :]


def _insertion(text: str, part: Part, index: int, new: str) -> tuple[int, str]:
    """Where a word goes and what is written there."""
    if index < len(part.words):
        after = part.words[index]
        indent = _indent(text, after, part.start)
        return after.start, f"{new} " if indent is None else new + indent
    if part.words:
        last = part.words[-1]
        indent = _indent(text, last, part.start)
        stop = text.find("\n", last.end, part.end)
        rest = text[last.end : stop].strip()
        if indent is not None and stop >= 0 and (not rest or rest.startswith("#")):
            return stop - text[:stop].endswith("\r"), indent + new
        return last.end, f" {new}"
    line_start = text.rfind("\n", part.start, part.end) + 1
    if part.assignment.array and line_start:
        return line_start, f"  {new}{line_end(text)}"
    return part.start, new


def _take(text: str, part: Part, index: int) -> str:
    """The text without the word with this index and without the gap that belonged to it."""
    word = part.words[index]
    floor = part.words[index - 1].end if index else part.start
    ceiling = part.words[index + 1].start if index + 1 < len(part.words) else part.end
    line_start = text.rfind("\n", part.start, word.start) + 1
    line_end = text.find("\n", word.end, part.end) + 1
    if line_start and line_end and not (text[line_start : word.start] + text[word.end : line_end]).strip():
        return text[:line_start] + text[line_end:]
    ahead, behind = text[floor : word.start], text[word.end : ceiling]
    if index and BLANK.fullmatch(ahead):
        return text[:floor] + text[word.end :]
    if index + 1 < len(part.words) and BLANK.fullmatch(behind):
        return text[: word.start] + text[ceiling:]
    if index and not ahead.strip():
        return text[:floor] + text[word.end :]
    return text[: word.start] + text[word.end :]

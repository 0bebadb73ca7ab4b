"""What bash makes of a file of assignments: variables in order, arrays, `+=`, and other files that it sources.

Nothing is run. A value on which a condition, a command or the environment has a say is a `Computed` with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.assignments import Computed
from vfiotui.formats.shell.source import (
    RUNS_CODE,
    STOPS,
    Meddling,
    ShellAssignment,
    ShellWord,
    events,
    line_at,
    scan,
)

Value = str | tuple[str, ...] | Computed
"""A text, an array, or what is not known."""
DEPTH_LIMIT = 8
"""Files that source one another; more is a loop."""
FILES_LIMIT = 64
"""Files that are sourced in all."""
SIZE_LIMIT = 1 << 20
"""Characters of one value: a variable that doubles itself in each line is not followed further."""
ENVIRONMENT = frozenset("HOME PATH USER SHELL LANG TERM PWD HOSTNAME UID EUID RANDOM SECONDS BASH_VERSION".split())
ELEMENTS = re.compile(r"\$\{([A-Za-z_]\w*)\[[@*]\]\}", re.ASCII)
DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*):?-([\w./ -]*)\}", re.ASCII)
SOURCES = re.compile(r"(?:source|\.)[ \t]+")


class _Shell:
    """The variables while one file is read."""

    def __init__(self, sourced: Callable[[str], str | None], known: Mapping[str, Value] | None = None) -> None:
        self.sourced = sourced
        self.known: dict[str, Value] = dict(known or {})
        self.rest: Computed | None = None
        """Set once any variable may have any value."""
        self.ended = False
        self.files = 0

    def run(self, text: str, depth: int = 0) -> None:
        """All assignments of a text; what stands below an `exit` does not count."""
        for one in events(text):
            if self.ended:
                return
            if isinstance(one, ShellAssignment):
                self._assign(text, one)
            elif one.verb in STOPS:
                if one.certain:
                    self.ended = depth == 0 or one.verb != "return"
                    return
                self._doubt(text, one)
            elif one.verb in RUNS_CODE:
                self._source(text, one, depth)
            elif one.unsets:
                for name in one.names:
                    self.known.pop(name, None)
            else:
                self._doubt(text, one)

    def _computed(self, text: str, one: ShellAssignment | Meddling) -> Computed:
        return Computed(line_at(text, one.start)[0], text[one.start : one.end])

    def _doubt(self, text: str, one: Meddling) -> None:
        computed = self._computed(text, one)
        if not one.names:
            self.rest = computed
            self.known = dict.fromkeys(self.known, computed)
        for name in one.names:
            self.known[name] = computed

    def _source(self, text: str, one: Meddling, depth: int) -> None:
        """The other file's assignments, as if they stood here."""
        command = SOURCES.match(text, one.start)
        # The file's name is read like a value.
        guarded = one.certain or _is_guarded(text, one)
        code = f"_={text[command.end() : one.end]}" if command and guarded else ""
        path = self._text(code, scan(code)[0].words[0]) if code else None
        self.files += 1
        if depth >= DEPTH_LIMIT or self.files > FILES_LIMIT:
            raise EditRefused("Files source one another without end; fix them by hand.", *line_at(text, one.start))
        found = self.sourced(path) if path is not None else None
        if found is None:
            self._doubt(text, one)
        else:
            self.run(found, depth + 1)

    def _assign(self, text: str, one: ShellAssignment) -> None:
        name, bracket, _ = one.name.partition("[")
        value = self._elements(text, one) if one.array else self._text(text, one.words[0])
        before = self.known.get(name, "" if not one.array else ())
        if bracket or not one.certain or value is None:
            self.known[name] = self._computed(text, one)
        elif not one.append:
            self.known[name] = value
        elif isinstance(before, Computed) or (name not in self.known and self.rest):
            self.known[name] = before if isinstance(before, Computed) else self._computed(text, one)
        else:
            self.known[name] = _joined(before, value)
        held = self.known[name]
        if not isinstance(held, Computed) and sum(map(len, held)) > SIZE_LIMIT:
            self.known[name] = self._computed(text, one)

    def _value(self, name: str) -> Value:
        """A variable that nothing sets is empty, where the environment does not bring it."""
        unknown = self.rest or (Computed(0, name) if name in ENVIRONMENT else "")
        return self.known.get(name, unknown)

    def _part(self, raw: str, kind: str, name: str) -> str | None:
        if kind == "character":
            return name
        default = DEFAULT.fullmatch(raw)
        if kind == "computed" and default is None:
            return None
        value = self._value(default[1] if default else name)
        if isinstance(value, tuple):
            value = value[0] if value else ""
        if isinstance(value, Computed):
            return None
        return value or (default[2] if default else "")

    def _text(self, text: str, word: ShellWord) -> str | None:
        """A word's value, None where the shell computes it or a quote is never closed."""
        found = [self._part(text[p.start : p.end], p.kind, p.text) for p in word.parts] if word.closed else [None]
        return None if None in found else "".join(piece for piece in found if piece is not None)

    def _elements(self, text: str, one: ShellAssignment) -> tuple[str, ...] | None:
        """An array's elements; text in no quotes that comes from a variable is split at blanks."""
        if text[one.end - 1 : one.end] != ")" or (one.words and one.words[-1].end >= one.end):
            return None
        found: list[str] = []
        for word in one.words:
            raw = text[word.start : word.end]
            whole = ELEMENTS.fullmatch(raw.strip('"'))
            if whole:
                value = self._value(whole[1])
                if isinstance(value, Computed):
                    return None
                elements = (value,) if isinstance(value, str) else value
                found += elements if raw.startswith('"') else " ".join(elements).split()
                continue
            said = None if raw.startswith("[") else self._text(text, word)
            if said is None:
                return None
            bare = any(p.kind != "character" and not p.quote for p in word.parts)
            found += said.split() if bare else [said]
        return tuple(found)


def _is_guarded(text: str, one: Meddling) -> bool:
    """Whether nothing but a test for the file itself stands ahead: [ -e /x ] && . /x, or the same with if."""
    path = text[one.start : one.end].split(None, 1)[-1].strip("\"'")
    ahead = text[: one.start].rpartition("\n\n")[2][-300:]
    test = rf"(?:\[|test)\s+-[efrs]\s+[\"']?{re.escape(path)}[\"']?(?:\s+\])?\s*(?:&&|;?\s*then)\s*"
    return re.search(rf"{test}$", ahead) is not None


def _joined(before: str | tuple[str, ...], value: str | tuple[str, ...]) -> Value:
    """What += makes: a text that joins an array joins its first element, an array that joins a text follows it."""
    if isinstance(before, tuple):
        if isinstance(value, tuple):
            return (*before, *value)
        return (before[0] + value, *before[1:]) if before else (value,)
    if isinstance(value, tuple):
        return (*([before] if before else []), *value)
    return before + value


def evaluate(
    text: str, sourced: Callable[[str], str | None] = lambda path: None, known: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """The variables in the end, by name; one that is not in it was never set. `known` were set by files before.

    `sourced` gives the text of a file that `source` or `.` names; None where it is not known, which leaves every
    variable computed that is not set below it. EditRefused where files source one another without end.

    >>> evaluate('DIR=/efi\\nA="$DIR/x"\\nB=(a "b c")\\nB+=(d)')["B"], evaluate('DIR=/efi; A="$DIR/x"')["A"]
    (('a', 'b c', 'd'), '/efi/x')
    """
    shell = _Shell(sourced, known)
    shell.run(text)
    return shell.known


def words_of(value: Value | None) -> tuple[str, ...] | None:
    """A list's words: an array's elements, or the words of a text; None where it is computed."""
    if isinstance(value, Computed):
        return None
    return tuple(value.split()) if isinstance(value, str) else value or ()

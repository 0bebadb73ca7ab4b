"""Shell source, read as far as assignments go: which commands assign what, and how each character is spelled.

Nothing is run. Expansions stay what they are; a caller decides what it knows about them. Grammar: POSIX shell
command language (XCU chapter 2), and arrays, `+=`, `declare` and subscripts as bash has them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vfiotui.model.base.value import dataclass

NAME = re.compile(r"([A-Za-z_]\w*(?:\[[^\]\s]*\])?)(\+?)=", re.ASCII)
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|\\?([^\s;&|<>()'\"]+))")
DECLARES = frozenset("export declare typeset readonly local".split())
OPENS = frozenset("if while until for case select {".split())
CLOSES = frozenset("fi done esac }".split())
CONTINUES = frozenset("then do else elif ! time in".split()) | OPENS
BLANK = " \t"
RUNS_CODE = frozenset(("eval", "source", "."))
"""Commands that may change any variable."""
STOPS = frozenset(("exit", "return", "exec"))
"""Commands behind which the rest of a file may not be read."""
LOOPS = frozenset(("for", "select"))
"""Reserved words behind which a variable stands that takes one value after the other."""
SETS = LOOPS | frozenset(("unset", "read", "mapfile", "readarray", "printf", "getopts", "let"))
"""Commands that change the variables they name."""


class Part(NamedTuple):
    """A piece of a word's value: a character, or an expansion."""

    text: str
    """The character; the variable's name; empty where the shell computes."""
    start: int
    end: int
    quote: str
    """' or " or nothing."""
    kind: str = "character"
    """character, variable or computed."""


@dataclass(frozen=True, slots=True)
class ShellWord:
    """One word; quotes and continuations are no part of its value."""

    parts: tuple[Part, ...]
    start: int
    end: int
    closed: bool = True
    """Whether its quotes end before the text does."""

    @property
    def literal(self) -> str | None:
        """Its value, or None where the shell has to work it out."""
        return "".join(p.text for p in self.parts) if all(p.kind == "character" for p in self.parts) else None


@dataclass(frozen=True, slots=True)
class ShellAssignment:
    """NAME=value, NAME+=value or NAME=(array)."""

    name: str
    """With its subscript: KERNEL_CMDLINE[default]."""
    append: bool
    words: tuple[ShellWord, ...]
    """The value, or an array's elements."""
    array: bool
    certain: bool
    """It is carried out whenever the file is read: not behind if, &&, in a loop, a function or a subshell."""
    start: int
    end: int


class Meddling(NamedTuple):
    """A command that changes variables without assigning to them, or ends the reading of the file."""

    verb: str
    names: frozenset[str]
    """The variables that it may change; empty where it may be any."""
    certain: bool
    """It is carried out whenever the file is read."""
    start: int
    end: int

    def touches(self, name: str) -> bool:
        """Whether it may change this variable, or whether what is written below it counts."""
        return not self.names or name in self.names

    def changes(self, name: str) -> bool:
        """Whether it may change this variable."""
        return self.verb not in STOPS and self.touches(name)

    @property
    def unsets(self) -> bool:
        """Whether the variables have no value afterwards, for certain."""
        return self.verb == "unset" and self.certain and bool(self.names)


class Scanner:
    """Walks over the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.brackets = 0
        self.behind_condition = False
        self.heredocs: list[tuple[str, bool]] = []
        self.found: list[ShellAssignment] = []
        self.prefixes: list[tuple[ShellAssignment, ShellWord]] = []
        self.commands: list[tuple[tuple[ShellWord, ...], bool]] = []
        self._new_command()

    def _new_command(self) -> None:
        self.pending: list[ShellAssignment] = []
        self.declaring = False
        self.plain_words = 0
        self.redirected = False
        self.target = False
        self.words: list[ShellWord] = []
        self.certain = True

    def _end_command(self) -> None:
        """Assignments in front of a command are for that command only."""
        if self.declaring or not self.plain_words:
            self.found += self.pending
        elif self.pending and self.words:
            self.prefixes.append((self.pending[-1], self.words[0]))
        if self.words:
            self.commands.append((tuple(self.words), self.certain))
        self._new_command()

    def _eol(self, at: int) -> int:
        """How long the line end at this place is; 0 where there is none."""
        return 1 if self.text.startswith("\n", at) else 2 if self.text.startswith("\r\n", at) else 0

    def _continuation(self, at: int) -> int:
        """The length of a backslash with its line end."""
        eol = self._eol(at + 1) if self.text.startswith("\\", at) else 0
        return eol + 1 if eol else 0

    def scan(self) -> tuple[ShellAssignment, ...]:
        while self.at < len(self.text):
            char = self.text[self.at]
            if skipped := self._continuation(self.at):
                self.at += skipped
            elif eol := self._eol(self.at):
                self.at += eol
                # A line that ends in && or | goes on in the next one.
                self.behind_condition &= not (self.pending or self.plain_words)
                self._end_command()
                self._skip_heredocs()
            elif char in BLANK:
                self.at += 1
            elif char == "#":
                self._skip_comment()
            elif char in ";&|()<>":
                self._operator(char)
            else:
                self._word()
        self._end_command()
        return tuple(self.found)

    def _skip_comment(self) -> None:
        while self.at < len(self.text) and not self._eol(self.at):
            self.at += 1

    def _operator(self, char: str) -> None:
        here = HEREDOC.match(self.text, self.at)
        if here and not self.text.startswith("<<<", self.at):
            self.heredocs.append((here[2] or here[3] or here[4] or "", bool(here[1])))
            self.at = here.end()
            return
        self.at += 3 if self.text.startswith("<<<", self.at) else 1
        if char in "<>" or (char in "&|" and self.text[self.at - 2] in "<>"):
            # Whether a redirection can be made is not known, and so neither whether the command is carried out.
            self.pending = [_doubted(a) for a in self.pending]
            self.redirected = self.target = True
            self.certain = False
            return
        if char in "&|":
            # What runs in a pipe or in the background assigns in a process of its own.
            if not self.text.startswith(char, self.at):
                self.pending = [_doubted(a) for a in self.pending]
                self.certain = False
            self.behind_condition = True
        elif char == ";":
            self.behind_condition = False
        elif char == "(":
            self.brackets += 1
        elif char == ")":
            # A pattern of `case` closes a bracket that was never opened.
            self.brackets = max(0, self.brackets - 1)
        self._end_command()

    def _skip_heredocs(self) -> None:
        for mark, tabs in self.heredocs:
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end].rstrip("\r")
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if tabs else line) == mark:
                    break
        self.heredocs = []

    def _word(self) -> None:
        head = None if self.target else NAME.match(self.text, self.at)
        if head and (self.declaring or not self.plain_words):
            start, self.at = self.at, head.end()
            array = self.text.startswith("(", self.at)
            words = self._elements() if array else (self.read_word(),)
            certain = not (self.depth or self.brackets or self.behind_condition or self.redirected)
            self.pending.append(ShellAssignment(head[1], bool(head[2]), words, array, certain, start, self.at))
            return
        start = self.at
        word = self.read_word()
        if self.at == start:
            self.at += 1
        elif not self.target:
            self._count(word)
        self.target = False

    def _count(self, word: ShellWord) -> None:
        """Take note of a word that assigns nothing; only the first one of a command can be a reserved word."""
        command = self.text[word.start : word.end] if not self.plain_words and not self.pending else ""
        if command in OPENS:
            self.depth += 1
        elif command in CLOSES:
            self.depth = max(0, self.depth - 1)
        if command in DECLARES:
            self.declaring = True
        elif command not in CONTINUES or command in LOOPS:
            if not self.plain_words:
                self.certain &= not (self.depth or self.brackets or self.behind_condition)
            self.plain_words += 1
            self.words.append(word)

    def _elements(self) -> tuple[ShellWord, ...]:
        """An array's elements; the place is behind its closing bracket afterwards."""
        self.at += 1
        found: list[ShellWord] = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if skipped := self._continuation(self.at) or self._eol(self.at):
                self.at += skipped
            elif self.text[self.at] in BLANK:
                self.at += 1
            elif self.text[self.at] == "#":
                self._skip_comment()
            else:
                start = self.at
                found.append(self.read_word())
                self.at = max(self.at, start + 1)
        self.at = min(self.at + 1, len(self.text))
        return tuple(found)

    def read_word(self) -> ShellWord:
        """The word at this place; empty where none begins."""
        parts: list[Part] = []
        start, quote, text = self.at, "", self.text
        while self.at < len(text):
            char, at = text[self.at], self.at
            if quote != "'" and (skipped := self._continuation(at)):
                self.at += skipped
            elif quote and char == quote:
                quote, self.at = "", at + 1
            elif quote == "'":
                self._character(parts, quote)
            elif char == "\\" and at + 1 < len(text) and (not quote or text[at + 1] in '"\\$`'):
                self.at += 2
                parts.append(Part(text[at + 1], at, self.at, quote))
            elif char == "`" or (char == "$" and self._expands(at, quote)):
                parts.append(self._expansion(quote))
            elif not quote and char in "'\"":
                quote, self.at = char, at + 1
            elif not quote and (char in " \t;&|()<>" or self._eol(at)):
                break
            else:
                self._character(parts, quote)
        return ShellWord(tuple(parts), start, self.at, not quote)

    def _character(self, parts: list[Part], quote: str) -> None:
        """One character as it stands; a line end of two bytes is one character."""
        at = self.at
        self.at += self._eol(at) or 1
        parts.append(Part("\n" if self._eol(at) else self.text[at], at, self.at, quote))

    def _expands(self, at: int, quote: str) -> bool:
        following = self.text[at + 1 : at + 2]
        return bool(following) and (
            following.isalnum() or following in "_{(@*#?-$!" or (not quote and following in "'\"")
        )

    def _expansion(self, quote: str) -> Part:
        """What begins with $ or a backquote, passed over as a whole."""
        start, text = self.at, self.text
        if named := VARIABLE.match(text, start):
            self.at = named.end()
            return Part(named[1] or named[2], start, self.at, quote, "variable")
        opener = text[start : start + 2]
        if text[start] == "`":
            self.at = _closing(text, start + 1, "", "`")
        elif opener == "$(":
            self.at = _closing(text, start + 2, "(", ")")
        elif opener == "${":
            self.at = _closing(text, start + 2, "{", "}")
        elif opener == "$'":
            self.at = _closing(text, start + 2, "", "'")
        else:
            self.at = start + (1 if opener == '$"' else 2)
        return Part("", start, self.at, quote, "computed")


def _closing(text: str, at: int, opens: str, closes: str) -> int:
    """The place behind the mark that closes; quoted text inside is passed over."""
    depth, quote = 1, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and opens:
            quote = char
        elif opens and char == opens:
            depth += 1
        elif char == closes:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return len(text)


def _doubted(one: ShellAssignment) -> ShellAssignment:
    return ShellAssignment(one.name, one.append, one.words, one.array, False, one.start, one.end)


def scan(text: str) -> tuple[ShellAssignment, ...]:
    """All assignments in order.

    >>> [(a.name, a.append, a.certain, a.words[0].literal) for a in scan('A="x y" # z\\nif b; then C+=d; fi')]
    [('A', False, True, 'x y'), ('C', True, False, 'd')]
    """
    return Scanner(text).scan()


def meddlings(text: str) -> tuple[Meddling, ...]:
    """The commands that change variables by other means than assignments, in order.

    >>> [(m.verb, sorted(m.names), m.certain) for m in meddlings("unset A B; if x; then . /y; fi; read -r C")]
    [('unset', ['A', 'B'], True), ('.', [], False), ('read', ['C'], True)]
    """
    scanner = Scanner(text)
    scanner.scan()
    found = (_meddling(command, certain) for command, certain in scanner.commands)
    return tuple(one for one in found if one is not None)


def events(text: str) -> tuple[ShellAssignment | Meddling, ...]:
    """All that changes variables, in order."""
    found: list[ShellAssignment | Meddling] = [*scan(text), *meddlings(text)]
    return tuple(sorted(found, key=lambda one: one.start))


def _meddling(command: tuple[ShellWord, ...], certain: bool) -> Meddling | None:
    words = list(command)
    while len(words) > 1 and words[0].literal in ("command", "builtin"):
        del words[0]
    verb, rest = words[0].literal or "", words[1:]
    literals = [word.literal for word in rest]
    if verb not in RUNS_CODE | STOPS | SETS or (verb == "unset" and "-f" in literals):
        return None
    if verb == "printf" and "-v" not in literals:
        return None
    if verb == "exec" and not rest:
        # With redirections only, which are no words, the shell goes on.
        return None
    if verb in SETS and None not in literals:
        names = frozenset(w.partition("=")[0] for w in literals if w and not w.startswith("-"))
    else:
        names = frozenset()
    if verb in SETS and None not in literals and not names:
        # read and mapfile without a name have variables of their own.
        return None
    return Meddling(verb, names, certain, command[0].start, command[-1].end)


def line_at(text: str, position: int) -> tuple[int, str]:
    """The number from 1 and the text of the line that holds this position, without its line end."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    return text.count("\n", 0, position) + 1, line.rstrip("\r")

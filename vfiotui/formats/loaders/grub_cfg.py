"""GRUB's script language as a tree of statements, for grub.cfg, custom.cfg and the stubs on EFI partitions.

The grammar is that of grub-core/script/parser.y. What GRUB cannot read it drops with the lines that it had read for
it, and goes on behind them; so does this reader, and it says which lines those are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vfiotui.formats.loaders.grub_words import Part, Token, tokens
from vfiotui.model.base.value import dataclass

RESERVED = frozenset("case do done elif else esac fi for if in select then until while function [[ ]]".split())
DEPTH_LIMIT = 60
"""Blocks inside blocks; GRUB itself stops at 100 (MAX_RECURSION_DEPTH)."""


@dataclass(frozen=True, slots=True)
class Word:
    """One argument before its variables are replaced."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its arguments, and the block of menuentry and submenu."""

    words: tuple[Word, ...]
    block: tuple[Statement, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class If:
    """if … then … else."""

    condition: tuple[Statement, ...]
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    line: int


@dataclass(frozen=True, slots=True)
class For:
    """for NAME in WORDS."""

    name: str
    words: tuple[Word, ...]
    body: tuple[Statement, ...]
    line: int


@dataclass(frozen=True, slots=True)
class While:
    """while, and until with the condition turned round."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]
    until: bool
    line: int


@dataclass(frozen=True, slots=True)
class Function:
    """function NAME { … }, which is known from the moment at which it is read."""

    name: str
    body: tuple[Statement, ...]
    line: int


Statement: TypeAlias = Command | If | For | While | Function


@dataclass(frozen=True, slots=True)
class Script:
    """A file as GRUB reads it."""

    statements: tuple[Statement, ...]
    dropped: tuple[int, ...] = ()
    """Lines, from 1, at which GRUB gives up a statement that it cannot read."""


class _SyntaxError(Exception):
    """The statement that is being read cannot be one."""


def parse(text: str) -> Script:
    """The statements of a file in order.

    >>> [s.words[0].parts[0].text for s in parse("set a=1; insmod gzio\\nfi").statements]
    ['set', 'insmod']
    """
    reader = _Reader(tokens(text.replace("\r\n", "\n")))
    statements: list[Statement] = []
    dropped: list[int] = []
    while reader.at < len(reader.tokens):
        start = reader.at
        try:
            if one := reader.top():
                statements.append(one)
        except (_SyntaxError, IndexError):
            place = min(reader.at, len(reader.tokens) - 1)
            dropped.append(reader.tokens[place].line)
            reader.at = max(place, start)
            reader.skip_line()
    return Script(tuple(statements), tuple(dropped))


class _Reader:
    """Walks over the tokens once."""

    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.depth = 0

    def kind(self) -> str:
        """Of the token at this place; reserved words are their own kind where a command begins."""
        return self.tokens[self.at].kind if self.at < len(self.tokens) else ""

    def reserved(self) -> str:
        token = self.tokens[self.at]
        return token.bare if token.kind == "word" and token.bare in RESERVED else ""

    def skip_line(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at].kind != "\n":
            self.at += 1
        self.at += 1

    def top(self) -> Statement | None:
        """One statement with the delimiter behind it; None for an empty line."""
        if self.kind() == "\n":
            self.at += 1
            return None
        one = self.statement()
        if self.kind() not in (";", "\n"):
            raise _SyntaxError
        self.at += 1
        return one

    def statement(self) -> Statement:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _SyntaxError
        try:
            return self._one()
        finally:
            self.depth -= 1

    def _one(self) -> Statement:
        token = self.tokens[self.at]
        readers: dict[str, Callable[[int], Statement]] = {
            "if": self._if, "for": self._for, "while": self._while, "until": self._while, "function": self._function,
        }  # fmt: skip
        word = self.reserved()
        if word in readers:
            self.at += 1
            return readers[word](token.line)
        if token.kind != "word" or word:
            raise _SyntaxError
        return self._command(token.line)

    def _command(self, line: int) -> Command:
        words: list[Word] = []
        while self.kind() == "word":
            words.append(Word(self.tokens[self.at].parts))
            self.at += 1
        return Command(tuple(words), self._block() if self.kind() == "{" else None, line)

    def _newlines(self) -> None:
        while self.kind() == "\n":
            self.at += 1

    def _delimiters(self) -> bool:
        """Passes over ; and line ends; whether there was one."""
        if self.kind() not in (";", "\n"):
            return False
        self.at += 1
        self._newlines()
        return True

    def _block(self) -> tuple[Statement, ...]:
        self.at += 1
        found = self._commands(lambda: self.kind() == "}", needs_delimiter=False)
        self.at += 1
        return found

    def _commands(self, ends: Callable[[], bool], needs_delimiter: bool = True) -> tuple[Statement, ...]:
        """One or more commands up to what ends them, which is not passed over. Functions stand at the top only."""
        self._newlines()
        found: list[Statement] = []
        while True:
            if self.reserved() == "function":
                raise _SyntaxError
            found.append(self.statement())
            parted = self._delimiters()
            if ends() and (parted or not needs_delimiter):
                return tuple(found)
            if not parted:
                raise _SyntaxError

    def _until(self, *words: str) -> tuple[Statement, ...]:
        return self._commands(lambda: self.reserved() in words)

    def _if(self, line: int) -> If:
        condition = self._until("then")
        self.at += 1
        then = self._until("else", "elif", "fi")
        word = self.reserved()
        self.at += 1
        if word == "elif":
            return If(condition, then, (self._if(line),), line)
        otherwise: tuple[Statement, ...] = ()
        if word == "else":
            otherwise = self._until("fi")
            self.at += 1
        return If(condition, then, otherwise, line)

    def _for(self, line: int) -> For:
        name = self.tokens[self.at].bare
        self.at += 1
        if not name or self.reserved() != "in":
            raise _SyntaxError
        self.at += 1
        words = []
        while self.kind() == "word":
            words.append(Word(self.tokens[self.at].parts))
            self.at += 1
        if not self._delimiters() or self.reserved() != "do":
            raise _SyntaxError
        self.at += 1
        body = self._until("done")
        self.at += 1
        return For(name, tuple(words), body, line)

    def _while(self, line: int) -> While:
        until = self.tokens[self.at - 1].bare == "until"
        condition = self._until("do")
        self.at += 1
        body = self._until("done")
        self.at += 1
        return While(condition, body, until, line)

    def _function(self, line: int) -> Function:
        name = self.tokens[self.at].bare
        self.at += 1
        self._newlines()
        if not name or self.kind() != "{":
            raise _SyntaxError
        self.at += 1
        body = self._commands(lambda: self.kind() == "}")
        self.at += 1
        return Function(name, body, line)

"""The tokens of GRUB's script language: words with their quotes, variables and escapes, operators, line ends.

The rules are those of GRUB's own lexer (grub-core/script/yylex.l): a word ends at a blank or one of {}|&$;<>, a
backslash keeps the next character outside of quotes, and inside double quotes only before $, ", \\ and a line end.
"""

from __future__ import annotations

import re
from typing import NamedTuple

VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*|\d+|[?#*@])|\{([A-Za-z_]\w*|\d+|[?#*@])\})", re.ASCII)
OPERATOR = re.compile(r"\|\||&&|;;|[|&;<>{}]")
PLAIN = re.compile(r"[^{}|&$;<> \t\n'\"\\]+")
IN_QUOTES = re.compile(r"[^\"$\\]+")
BLANKS = re.compile(r"[ \t]+")
JOINED_LIMIT = 500
"""Lines of one quoted text; GRUB reads any number, but no real menu has so many."""


class Part(NamedTuple):
    """A piece of a word."""

    text: str
    """The characters that are meant; the variable's name."""
    kind: str = "text"
    """text, quoted (which counts even when it is empty), variable, quoted variable."""


class Token(NamedTuple):
    """One word, operator or line end."""

    kind: str
    """word, bad, or the operator itself; "\\n" for a line end."""
    line: int
    """From 1, where it begins."""
    parts: tuple[Part, ...] = ()
    bare: str = ""
    """The word as it stands where it has no quotes, variables or escapes: only such a one can be reserved."""


class _Unfinished(Exception):
    """A quote or an escape that goes on in the next line."""


class _Bad(Exception):
    """A dollar sign that begins no variable: no token of the language."""


def tokens(text: str) -> list[Token]:
    """All tokens of a file; the rest of a line that GRUB cannot read is one token of the kind "bad".

    GRUB leaves out every line that begins with #, even inside of quotes (grub-core/normal/main.c).
    """
    found: list[Token] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        at += 1
        if line.startswith("#"):
            continue
        first = at
        while True:
            try:
                made = _line(line, number)
                break
            except _Unfinished:
                while at < len(lines) and lines[at].startswith("#"):
                    at += 1
                if at >= len(lines) or at - first > JOINED_LIMIT:
                    made = [Token("bad", number)]
                    break
                line, at = f"{line}\n{lines[at]}", at + 1
        found += [*made, Token("\n", at)]
    return found


def _line(text: str, number: int) -> list[Token]:
    """The tokens of a line, with the lines that belong to it."""
    found: list[Token] = []
    at = counted = 0
    line = number
    while at < len(text):
        if blanks := BLANKS.match(text, at):
            at = blanks.end()
            continue
        line += text.count("\n", counted, at)
        counted = at
        if text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif text[at] == "\n":
            found.append(Token("\n", line))
            at += 1
        elif operator := OPERATOR.match(text, at):
            found.append(Token(operator[0], line))
            at = operator.end()
        else:
            try:
                parts, end = _word(text, at)
            except _Bad:
                return [*found, Token("bad", line)]
            raw = text[at:end]
            found.append(Token("word", line, parts, raw if parts == (Part(raw),) else ""))
            at = end
    return found


def _word(text: str, at: int) -> tuple[tuple[Part, ...], int]:
    """The parts of the word at this place, and where it ends."""
    parts: list[Part] = []
    while at < len(text):
        char = text[at]
        if plain := PLAIN.match(text, at):
            parts.append(Part(plain[0]))
            at = plain.end()
        elif char == "\\":
            if at + 1 >= len(text):
                raise _Unfinished
            parts.append(Part(text[at + 1].replace("\n", "")))
            at += 2
        elif char == "'":
            end = text.find("'", at + 1)
            if end < 0:
                raise _Unfinished
            parts.append(Part(text[at + 1 : end], "quoted"))
            at = end + 1
        elif char == '"' or text.startswith('$"', at):
            at = _quoted(text, at + (2 if char == "$" else 1), parts)
        elif char == "$":
            at = _variable(text, at, parts, "variable")
        else:
            break
    return tuple(parts), at


def _variable(text: str, at: int, parts: list[Part], kind: str) -> int:
    match = VARIABLE.match(text, at)
    if not match:
        raise _Bad
    parts.append(Part(match[1] or match[2], kind))
    return match.end()


def _quoted(text: str, at: int, parts: list[Part]) -> int:
    """Adds what stands in double quotes; the place behind the closing one."""
    parts.append(Part("", "quoted"))
    while at < len(text):
        char = text[at]
        if char == '"':
            return at + 1
        if plain := IN_QUOTES.match(text, at):
            parts.append(Part(plain[0], "quoted"))
            at = plain.end()
        elif char == "$":
            at = _variable(text, at, parts, "quoted variable")
        elif at + 1 < len(text) and text[at + 1] in '$\\"\n':
            parts.append(Part(text[at + 1].replace("\n", ""), "quoted"))
            at += 2
        else:
            parts.append(Part(char, "quoted"))
            at += 1
    raise _Unfinished

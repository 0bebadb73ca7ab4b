r"""The lines of modprobe.d as kmod reads them (modprobe.d(5), libkmod-config.c).

A backslash before the line end joins the next line, in comments too; before a CRLF it does not: kmod drops it, and the
CR is a blank.
- and _ in module names are one letter. There are no comments behind a statement: what stands there is an option.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from vfiotui.model.base.value import dataclass

LOGICAL = re.compile(r"(?:[^\n\\]|\\[^\n]|\\\n)*(?:\\$)?\n?", re.DOTALL)
GAP = re.compile(r"(?:[ \t\r\v\f]|\\\n|\\\r)+")
WORD = re.compile(r"(?:\"(?:[^\"\n\\]|\\[^\n]|\\\n)*\"?|\\\n(?![ \t\r\v\f\n]|\Z)|\\[^\n\r]|[^ \t\r\v\f\n\"\\])+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as kmod sees it, and where it stands in the text."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its continuation lines."""

    verb: str
    """options, softdep, blacklist, alias, install, remove, weakdep."""
    name: Word
    """The module, or the alias."""
    words: tuple[Word, ...]
    """What follows the name."""
    line: int
    """Of its first line, from 1."""
    start: int
    end: int
    """Of its whole lines, the end included."""

    @property
    def rest(self) -> str:
        """What follows the name, joined by blanks."""
        return " ".join(word.value for word in self.words)


def fold(name: str) -> str:
    """The module's name with _ for -, but not inside of a [set].

    >>> fold("snd-hda-intel"), fold("[a-b]-c")
    ('snd_hda_intel', '[a-b]_c')
    """
    return re.sub(r"\[[^]]*\]|-", lambda match: "_" if match[0] == "-" else match[0], name)


def is_module_name(word: str) -> bool:
    """Whether a kernel module can have this name (KBUILD_MODNAME is made of letters, digits, - and _).

    >>> is_module_name("snd-hda_intel"), is_module_name("vfio.conf:vfio-pci"), is_module_name("../vfio")
    (True, False, False)
    """
    return re.fullmatch(r"\w[\w-]*", word, re.ASCII) is not None


def _words(text: str, start: int, end: int) -> Iterator[Word]:
    place = start
    while place < end:
        gap = GAP.match(text, place, end)
        place = gap.end() if gap else place
        word = WORD.match(text, place, end)
        if not word:
            return
        yield Word(re.sub(r"\\(.)", r"\1", word[0].replace("\\\n", "")), word.start(), word.end())
        place = word.end()


@lru_cache(maxsize=512)
def statements(text: str) -> tuple[Statement, ...]:
    """All statements in order; comments and words alone are none."""
    found, place, number = [], 0, 1
    while place < len(text):
        match = LOGICAL.match(text, place)
        assert match
        start, place = place, match.end()
        words = () if text[start] == "#" else tuple(_words(text, start, place))
        if len(words) > 1 and not words[0].value.startswith("#"):
            found.append(Statement(words[0].value, words[1], words[2:], number, start, place))
        number += text.count("\n", start, place)
    return tuple(found)

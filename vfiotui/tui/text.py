"""The only way in which foreign text reaches a widget: literally, never as markup or as terminal codes."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, chop_cells, set_cell_size

from vfiotui.model.base.reading import Unread

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
r"""Unicode categories that a terminal may obey or hide; they are written out as \x1b and the like."""


def clean(text: str) -> str:
    r"""The text with every control, formatting and direction-changing character written out.

    >>> clean("x [/dev/vfio/1] \x1b[2J")
    'x [/dev/vfio/1] \\x1b[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == " " or unicodedata.category(c) not in HIDDEN else ascii(c)[1:-1] for c in text)


def fit(text: str, width: int) -> str:
    """The cleaned text in exactly so many terminal cells: padded, or cut with an ellipsis."""
    shown = clean(text)
    length = cell_len(shown) if not shown.isascii() else len(shown)
    if length <= width:
        return shown + " " * (width - length)
    return f"{set_cell_size(shown, max(width - 1, 0))}…" if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """The cleaned text in lines of at most so many cells, broken at blanks where there are any."""
    lines: list[str] = []
    line = ""
    for given in clean(text).split(" "):
        word = given
        if cell_len(word) > width > 0:
            if line:
                lines.append(line)
                line = ""
            *heads, word = _chopped(word, width)
            lines += heads
        joined = f"{line} {word}" if line else word
        if line and cell_len(joined) > width:
            lines.append(line)
            line = word
        else:
            line = joined
    return [*lines, line] if line or not lines else lines


def pieces(text: str, width: int) -> list[str]:
    r"""The cleaned text cut into lines of at most so many cells, every blank kept: for what must be seen exactly.

    >>> pieces("  a\tb", 4)
    ['  a\\', 'tb']
    """
    return _chopped(clean(text), max(width, 2))


def _chopped(text: str, width: int) -> list[str]:
    """The text in pieces of at most so many cells, or of one character that is wider; one empty piece of no text."""
    return [p for p in chop_cells(text, width) if p] or [""]


def shown(value: Any, absent: str = "–") -> str:
    """A reading for a person: the value, "?" with its reason, or a dash for what is not there."""
    if isinstance(value, Unread):
        return f"? {clean(value.reason)}"
    return absent if value is None else clean(str(value))


CONSOLE_STAND_INS = str.maketrans({"…": "~", "–": "-", "•": "*"})
STAND_INS = {"…": "~", "·": "-", "–": "-", "—": "-", "→": ">", "←": "<", "↑": "^", "↓": "v", "•": "*", "▸": ">"}
STAND_INS |= {"µ": "u", "μ": "u", "×": "x", "✓": "+", "✗": "x", "“": '"', "”": '"', "’": "'", "‘": "'"}


def in_ascii(text: str) -> str:
    """The text for a terminal that draws nothing else, in as many cells; what has no stand-in becomes question marks.

    >>> in_ascii("Café 5 µs → 日")
    'Cafe 5 us > ??'
    """
    return text if text.isascii() else "".join(c if c.isascii() else _stand_in(c) for c in text)


@lru_cache(1024)
def _stand_in(char: str) -> str:
    """What is drawn for a character: a stand-in, the letter below its accent, or a question mark in each cell."""
    plain = STAND_INS.get(char) or unicodedata.normalize("NFD", char)[0]
    cells = cell_len(char)
    return plain if plain.isascii() and cells == 1 else "?" * cells


def for_console(text: str) -> str:
    """The text for a console font of 256 or 512 glyphs: it has arrows and lines, but no ellipsis and no dash."""
    return text if text.isascii() else text.translate(CONSOLE_STAND_INS)

"""The help: keys that work everywhere, below what a screen says of itself."""

from __future__ import annotations

from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import wrap

EVERYWHERE = (
    ("1 to 7", "the screens"),
    ("arrows, hjkl", "move; page up and down, home and end go far"),
    ("enter, esc", "open, back"),
    ("tab", "the next pane"),
    ("r", "read the machine again"),
    (":", "palette: everything by name, themes, glyphs"),
    ("?", "this help"),
    ("q", "quit"),
)


KEY_CELLS = 14


def help_rows(text: str, width: int) -> list[Row]:
    """A screen's help, then the keys of all screens."""
    rows = []
    for paragraph in text.split("\n"):
        key, gap, rest = paragraph.partition("  ")
        if gap and len(key) < KEY_CELLS:
            rows += _key_rows(key, rest, width)
        else:
            rows += [row(line) for line in wrap(paragraph, width)] if paragraph else [BLANK]
    rows += [BLANK, row(("everywhere", "head"))]
    return rows + [line for key, what in EVERYWHERE for line in _key_rows(key, what, width)]


def _key_rows(key: str, what: str, width: int) -> list[Row]:
    """A key and what it does, in as many lines as it takes."""
    first, *rest = wrap(what, max(width - KEY_CELLS, 20))
    return [row((f"{key:{KEY_CELLS}}", "key"), first), *(row(" " * KEY_CELLS + line) for line in rest)]

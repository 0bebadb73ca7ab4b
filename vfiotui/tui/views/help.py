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


def help_rows(text: str, width: int) -> list[Row]:
    """A screen's help, then the keys of all screens."""
    rows = []
    for paragraph in text.split("\n"):
        key, gap, rest = paragraph.partition("  ")
        if gap and len(key) < 14:
            rows.append(row((f"{key:14}", "key"), rest))
        else:
            rows += [row(line) for line in wrap(paragraph, width)] if paragraph else [BLANK]
    rows += [BLANK, row(("everywhere", "head"))]
    rows += [row((f"{key:14}", "key"), what) for key, what in EVERYWHERE]
    return rows

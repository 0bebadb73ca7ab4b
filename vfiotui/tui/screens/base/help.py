"""The help: keys that work everywhere, below what a screen says of itself."""

from __future__ import annotations

from vfiotui.tui.actions import EVERYWHERE, actions_of
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import wrap

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
    return rows + [line for a in actions_of(EVERYWHERE) if a.help for line in _key_rows(a.help_key, a.help, width)]


def _key_rows(key: str, what: str, width: int) -> list[Row]:
    """A key and what it does, in as many lines as it takes."""
    first, *rest = wrap(what, max(width - KEY_CELLS, 20))
    return [row((f"{key:{KEY_CELLS}}", "key"), first), *(row(" " * KEY_CELLS + line) for line in rest)]

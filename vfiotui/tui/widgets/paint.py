"""Runs of text into strips: one segment for each run, styles by component class."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.row import STYLES, Run

CLASSES = {f"run--{name}" for name in STYLES}
"""Component classes of every widget that draws runs."""


STAND_INS = str.maketrans({"…": "~", "·": "-", "–": "-", "→": ">", "←": "<", "↑": "^", "↓": "v", "•": "*"})


def in_ascii(text: str) -> str:
    """The text for a terminal that draws nothing else; what has no stand-in becomes a question mark."""
    return text if text.isascii() else text.translate(STAND_INS).encode("ascii", "replace").decode()


def strip_of(widget: Widget, runs: Sequence[Run], width: int, base: Style) -> Strip:
    """The runs in exactly so many cells."""
    plain = widget.screen.has_class("-ascii")
    segments = [
        Segment(
            in_ascii(text) if plain else text,
            base + widget.get_component_rich_style(f"run--{name}", partial=True) if name else base,
        )
        for text, name in runs
        if text
    ]
    return Strip(segments).adjust_cell_length(width, base)

"""Runs of text into strips: one segment for each run, styles by component class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from vfiotui.tui.row import STYLES, Run

CLASSES = {f"run--{name}" for name in STYLES}
"""Component classes of every widget that draws runs."""

CONSOLE_STAND_INS = str.maketrans({"…": "~", "–": "-", "•": "*"})
STAND_INS = str.maketrans({"…": "~", "·": "-", "–": "-", "→": ">", "←": "<", "↑": "^", "↓": "v", "•": "*"})


def in_ascii(text: str) -> str:
    """The text for a terminal that draws nothing else; what has no stand-in becomes a question mark."""
    return text if text.isascii() else text.translate(STAND_INS).encode("ascii", "replace").decode()


def for_console(text: str) -> str:
    """The text for a console font of 256 or 512 glyphs: it has arrows and lines, but no ellipsis and no dash."""
    return text if text.isascii() else text.translate(CONSOLE_STAND_INS)


def drawable(widget: Widget) -> Callable[[str], str] | None:
    """What the widget's terminal needs done to a text; None where it draws everything."""
    if widget.screen.has_class("-ascii"):
        return in_ascii
    return for_console if widget.screen.has_class("-console") else None


def strip_of(widget: Widget, runs: Sequence[Run], width: int, base: Style) -> Strip:
    """The runs in exactly so many cells."""
    change = drawable(widget)
    segments = [
        Segment(
            text if change is None else change(text),
            base + widget.get_component_rich_style(f"run--{name}", partial=True) if name else base,
        )
        for text, name in runs
        if text
    ]
    return Strip(segments).adjust_cell_length(width, base)

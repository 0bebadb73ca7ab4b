"""Graphs of one line or several, drawn with a ramp of characters on a fixed axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.tui.terminal.capabilities import Glyphs


def level(value: float, low: float, high: float, steps: int) -> int:
    """Where a value stands among so many steps of an axis: 0 … steps."""
    if high <= low:
        return 0
    share = (value - low) / (high - low)
    return min(max(round(share * steps), 0), steps)


def graph_line(values: Sequence[Reading[float]], low: float, high: float, width: int, glyphs: Glyphs) -> str:
    """The newest values on the right; moments without a value show the gap's mark."""
    ramp = glyphs.ramp
    kept = values[-width:] if width > 0 else ()
    cells = (glyphs.gap if isinstance(v, Unread) else ramp[level(v, low, high, len(ramp) - 1)] for v in kept)
    return "".join(cells).rjust(width)


def bar(share: float, width: int, glyphs: Glyphs) -> str:
    """A horizontal bar of a share between 0 and 1."""
    full = min(max(round(share * width), 0), width)
    return glyphs.ramp[-1] * full + " " * (width - full)


def cells(values: Sequence[float], low: float, high: float, glyphs: Glyphs) -> str:
    """One cell for each number; NaN shows the gap's mark."""
    ramp, gap = glyphs.ramp, glyphs.gap
    steps = len(ramp) - 1
    if high <= low:
        return ramp[0] * len(values)
    scale = steps / (high - low)
    return "".join([ramp[min(max(round((v - low) * scale), 0), steps)] if v == v else gap for v in values])


def columns(values: Sequence[float], low: float, high: float, height: int, glyphs: Glyphs) -> list[str]:
    """The same over several lines, top first."""
    ramp, gap = glyphs.ramp, glyphs.gap
    steps = len(ramp) - 1
    found = []
    for value in values:
        if value != value:
            found.append(" " * (height - 1) + gap)
            continue
        filled = level(value, low, high, steps * height)
        found.append("".join(ramp[min(max(filled - steps * line, 0), steps)] for line in range(height - 1, -1, -1)))
    return ["".join(column[line] for column in found) for line in range(height)]


LEFT_DOTS, RIGHT_DOTS = (0x00, 0x40, 0x44, 0x46, 0x47), (0x00, 0x80, 0xA0, 0xB0, 0xB8)
"""Dots of a braille cell (U+2800 …) filled from below, by how many."""


def dot_columns(values: Sequence[float], low: float, high: float, height: int, gap: str) -> list[str]:
    """Like `columns`, with two values in each cell; a cell without any shows the gap's mark."""
    found = []
    for left, right in zip(values[::2], [*values[1::2], math.nan], strict=False):
        if left != left and right != right:
            found.append(" " * (height - 1) + gap)
            continue
        steps = [level(v, low, high, 4 * height) if v == v else 0 for v in (left, right)]
        cells = []
        for line in range(height - 1, -1, -1):
            a, b = (min(max(s - 4 * line, 0), 4) for s in steps)
            cells.append(chr(0x2800 + LEFT_DOTS[a] + RIGHT_DOTS[b]) if a or b else " ")
        found.append("".join(cells))
    return ["".join(column[line] for column in found) for line in range(height)]

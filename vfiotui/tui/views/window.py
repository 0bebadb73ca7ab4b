"""Which samples are looked at, and graph lines that grow by a cell instead of being drawn anew."""

from __future__ import annotations

from vfiotui.history import Key, LiveHistory, windows
from vfiotui.model.value import dataclass
from vfiotui.tui.caps import Glyphs
from vfiotui.tui.views.graph import cells

ZOOMS = (1, 2, 5, 10, 30, 60)
"""Samples in one cell."""
DELAY_TOPS = (20.0, 100.0, 500.0, 1000.0)
"""Milliseconds of delay per second at the top of a delay graph."""


@dataclass(frozen=True, slots=True)
class Window:
    """The samples up to `end` - 1, `zoom` of them in a cell."""

    end: int
    zoom: int = 1

    @property
    def last_cell(self) -> int:
        """The number of the newest cell; cell n holds the samples n * zoom … (n + 1) * zoom - 1."""
        return (self.end - 1) // self.zoom

    def begin(self, width: int) -> int:
        """The first sample of so many cells."""
        return (self.last_cell - width + 1) * self.zoom

    def cell_of(self, number: int, width: int) -> int | None:
        """Where a sample is among so many cells; None where it is outside."""
        cell = number // self.zoom - (self.last_cell - width + 1)
        return cell if 0 <= cell < width and number < self.end else None


def average(values: list[float]) -> float:
    """The mean of values that are known."""
    return sum(values) / len(values)


CHOOSE = {"mhz": min, "delay": max, "forced": max}
"""Of several samples in a cell the one that matters is shown: the deepest dip, the longest delay; else the mean."""


def cell_values(history: LiveHistory, key: Key, field: str, window: Window, width: int) -> list[float]:
    """The values of the last so many cells; NaN where nothing is known."""
    values = history.values(key, field, window.begin(width), window.end)
    return list(windows(values, window.zoom, CHOOSE.get(field, average)))


@dataclass(slots=True)
class _Drawn:
    shape: tuple[int, int, float, str]
    last_cell: int
    text: str


class GraphLines:
    """The graph lines of a table as they were drawn last."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[Key, str], _Drawn] = {}

    def line(
        self, history: LiveHistory, key: Key, field: str, window: Window, width: int, top: float, glyphs: Glyphs
    ) -> str:
        """A graph from 0 to `top` with the newest cell on the right."""
        shape = (width, window.zoom, top, glyphs.name)
        drawn = self._drawn.get((key, field))
        last = window.last_cell
        if drawn is not None and drawn.shape == shape and window.zoom == 1 and last == drawn.last_cell + 1:
            drawn.text = drawn.text[1:] + cells((history.value(key, field, last),), 0.0, top, glyphs)
            drawn.last_cell = last
            return drawn.text
        if drawn is not None and drawn.shape == shape and 0 <= last - drawn.last_cell < width:
            # The cell that was last may have been unfinished.
            new = cell_values(history, key, field, window, last - drawn.last_cell + 1)
            drawn.text = (drawn.text[:-1] + cells(new, 0.0, top, glyphs))[-width:]
            drawn.last_cell = last
            return drawn.text
        text = cells(cell_values(history, key, field, window, width), 0.0, top, glyphs)
        # Before the first sample there was nothing, not even a gap.
        blank = min(max(-(window.begin(width) // window.zoom), 0), width)
        text = " " * blank + text[blank:]
        self._drawn[key, field] = _Drawn(shape, last, text)
        return text


def mhz_top(history: LiveHistory, before: float) -> float:
    """The top of the frequency axis: the next full GHz above what was seen; it never sinks."""
    newest = history.count - 1
    seen = [v for k in history.cpus if (v := history.value(k, "mhz", newest)) == v]
    return max(before, (max(seen, default=3999.0) // 1000 + 1) * 1000.0)


def delay_top(highest: float) -> float:
    """The top of the delay axis for the highest delay that is shown.

    >>> delay_top(3.0), delay_top(480.0)
    (20.0, 500.0)
    """
    return next((t for t in DELAY_TOPS if highest <= t), DELAY_TOPS[-1])

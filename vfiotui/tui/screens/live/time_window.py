"""Which samples are looked at, and graph lines that grow by a cell instead of being drawn anew."""

from __future__ import annotations

from vfiotui.live.history import Key, LiveHistory, windows
from vfiotui.model.base.value import dataclass
from vfiotui.tui.screens.live.graph import cells
from vfiotui.tui.terminal.capabilities import UNICODE, Glyphs

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
    """The graph lines of one field of a table as they were drawn last."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._drawn: dict[Key, _Drawn] = {}
        self._shape = (0, 0, 0.0, "")
        self._window = Window(0)
        self._last = -1
        self._glyphs = UNICODE
        self._scale = 0.0

    def look(self, window: Window, width: int, top: float, glyphs: Glyphs) -> None:
        """From now on the lines show a window in so many cells, from 0 to `top`, with the newest cell on the right."""
        self._window, self._last, self._glyphs = window, window.last_cell, glyphs
        self._shape = (width, window.zoom, top, glyphs.name)
        self._scale = (len(glyphs.ramp) - 1) / top

    def line(self, history: LiveHistory, key: Key) -> str:
        """The line of a row."""
        drawn, shape, last = self._drawn.get(key), self._shape, self._last
        width, zoom, top, _ = shape
        if drawn is not None and drawn.shape == shape:
            behind = last - drawn.last_cell
            if behind == 1 and zoom == 1:
                value, glyphs = history.value(key, self._field, last), self._glyphs
                cell = glyphs.ramp[min(round(value * self._scale), len(glyphs.ramp) - 1)] if value >= 0 else glyphs.gap
                drawn.text = drawn.text[1:] + cell
                drawn.last_cell = last
                return drawn.text
            if 0 <= behind < width:
                # The cell that was last may have been unfinished.
                new = cell_values(history, key, self._field, self._window, behind + 1)
                drawn.text = (drawn.text[:-1] + cells(new, 0.0, top, self._glyphs))[-width:]
                drawn.last_cell = last
                return drawn.text
        text = cells(cell_values(history, key, self._field, self._window, width), 0.0, top, self._glyphs)
        # Before the first sample there was nothing, not even a gap.
        blank = min(max(-(self._window.begin(width) // zoom), 0), width)
        text = " " * blank + text[blank:]
        self._drawn[key] = _Drawn(shape, last, text)
        return text


def mhz_top(history: LiveHistory, before: float) -> float:
    """The top of the frequency axis: the next full GHz above what was seen; it never sinks."""
    fastest = history.fastest
    return max(before, (max(fastest, 0.0) // 1000 + 1) * 1000.0 if fastest == fastest else 4000.0)


def delay_top(highest: float) -> float:
    """The top of the delay axis for the highest delay that is shown.

    >>> delay_top(3.0), delay_top(480.0)
    (20.0, 500.0)
    """
    return next((t for t in DELAY_TOPS if highest <= t), DELAY_TOPS[-1])

"""Which samples of Live are looked at: those that come, or some of the past."""

from __future__ import annotations

from vfiotui.live.history import LiveHistory
from vfiotui.model.base.value import dataclass
from vfiotui.tui.screens.live.time_window import ZOOMS, Window

INTERVALS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between samples that + and - step through."""


def next_interval(seconds: float, step: int) -> float:
    """The next slower or faster interval.

    >>> next_interval(1.0, 1), next_interval(0.1, -1)
    (2.0, 0.1)
    """
    now = min(range(len(INTERVALS)), key=lambda i: abs(INTERVALS[i] - seconds))
    return INTERVALS[min(max(now + step, 0), len(INTERVALS) - 1)]


@dataclass(slots=True)
class TimeCursor:
    """The window and the reading cursor in it."""

    zoom: int = 1
    """Samples in a cell."""
    end: int | None = None
    """Where the window ends while it stands; None while it follows the newest sample."""
    read: int | None = None
    """The sample that is read; None for the last of the window."""
    paused: bool = False

    def window(self, history: LiveHistory) -> Window:
        """The samples that are shown."""
        return Window(history.count if self.end is None else self.end, self.zoom)

    def at(self, history: LiveHistory) -> int:
        """The sample that is read."""
        return self.window(history).end - 1 if self.read is None else self.read

    def pause(self, history: LiveHistory) -> None:
        """Holds the picture, or lets it go on."""
        self.paused = not self.paused
        self.end = self.window(history).end if self.paused else None
        self.read = self.read if self.paused else None

    def seek(self, history: LiveHistory, at: int, width: int) -> None:
        """Reads a sample that is kept; where it is not among so many cells, the window moves with it."""
        window = self.window(history)
        end = window.end
        if at >= end:
            end = min(at + self.zoom, history.count)
        while window.cell_of(at, width) is None and at < end and end > history.first + 1:
            end -= max(self.zoom, 1)
            window = Window(end, self.zoom)
        self.end, self.read = end, at

    def step_zoom(self, step: int) -> None:
        """More samples in a cell, or fewer."""
        place = ZOOMS.index(self.zoom) + step
        self.zoom = ZOOMS[min(max(place, 0), len(ZOOMS) - 1)]

    def back(self, history: LiveHistory, *, recorded: bool) -> bool:
        """To the present, or to the end of what stands; False where that is looked at already."""
        if self.read is None and (self.end is None or self.paused):
            return False
        self.read = None
        self.end = self.window(history).end if self.paused or recorded else None
        return True

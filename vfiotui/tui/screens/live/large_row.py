"""One row of the Live table, large: two graphs with axes, marks and a reading cursor, and how the values are spread."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from vfiotui.live.history import Key, LiveHistory, windows
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.screens.live.graph import columns, dot_columns
from vfiotui.tui.screens.live.time_window import CHOOSE, Window, average, delay_top, mhz_top
from vfiotui.tui.screens.live.view import Table, clock_text, name_of, pin_text
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean

AXIS = 8
"""Cells of the axis on the left."""
AROUND = 8
"""Lines that are no graph: title, two headings, two marks, two rulers, spread."""


def spread(values: Sequence[float], unit: str) -> str:
    """Median, the value that one in a hundred exceeds, and the highest.

    >>> spread([1.0, 2.0, 3.0], "ms/s")
    'p50 2.0 · p99 3.0 · max 3.0 ms/s · 3 samples'
    """
    known = sorted(v for v in values if v == v)
    if not known:
        return "nothing measured yet"
    high = known[min(int(len(known) * 0.99), len(known) - 1)]
    return f"p50 {known[len(known) // 2]:.1f} · p99 {high:.1f} · max {known[-1]:.1f} {unit} · {len(known)} samples"


def big_rows(
    history: LiveHistory, key: Key, window: Window, at: int, table: Table, width: int, height: int
) -> list[Row]:
    """Frequency above; below it delay, or the load of a host CPU."""
    inner = max(width - AXIS, 10)
    # An odd number of lines has one in the middle, with a round value on the axis.
    each = max((height - AROUND) // 2, 3)
    each -= 1 - each % 2
    glyphs = table.glyphs
    table.mhz_top = mhz_top(history, table.mhz_top)
    point, window = window.zoom, Window(window.end, window.zoom * (2 if glyphs.dots else 1))
    begin = window.begin(inner)
    rows = [_title(history, key, at, max(begin, history.first), window.end)]
    if key[1] == "cpu":
        panels = (("frequency", "mhz", "MHz", 1.0), ("load", "busy", "%", 100.0))
    else:
        panels = (("frequency", "mhz", "MHz", 1.0), ("delay", "delay", "ms/s", 1.0))
    styles = ("graph", "graph2")
    for (word, field, unit, factor), style in zip(panels, styles, strict=True):
        samples = history.values(key, field, begin, begin + inner * window.zoom)
        values = [v * factor for v in windows(samples, point, CHOOSE.get(field, average))]
        top = (
            table.mhz_top
            if field == "mhz"
            else 100.0
            if field == "busy"
            else delay_top(max((v for v in values if v == v), default=0.0))
        )
        now = history.value(key, field, at) * factor
        told = f"{now:.1f}" if now == now else "?"
        every = [v * factor for v in history.values(key, field, max(begin, history.first), window.end)]
        rows.append(row((f"{word}  {told} {unit}", "accent"), ("   " + spread(every, unit), "dim")))
        # Before the first sample there was nothing, not even a gap.
        blank = min(max(-(-(history.first - begin) // window.zoom), 0), inner)
        rows += _panel(values[blank * window.zoom // point :], top, each, style, glyphs, blank)
        rows.append(_signs(history, window, at, inner, glyphs))
    rows.append(_ruler(history, window, inner, width))
    return rows


def moves(places: Sequence[float]) -> int:
    """How often a thread was seen on another CPU than at the sample before; it may have moved more often in between.

    >>> moves([2.0, 2.0, 3.0, float("nan"), 3.0, 2.0])
    2
    """
    known = [p for p in places if p == p]
    return sum(before != after for before, after in pairwise(known))


def _title(history: LiveHistory, key: Key, at: int, begin: int, end: int) -> Row:
    seen = f"{clock_text(history.wall(at))}"
    if key[1] == "cpu":
        return row((f"CPU {key[2]}", "head"), f" at {seen}")
    ran_on = history.value(key, "ran_on", at)
    where = f"CPU {ran_on:.0f}" if ran_on == ran_on else "an unknown CPU"
    busy = history.value(key, "busy", at)
    load = f"busy {busy:.0%}" if busy == busy else "busy ?"
    slices, delay = history.value(key, "slices", at), history.value(key, "delay", at)
    each = f" · {delay / slices * 1000:.1f} µs a slice" if slices > 0 and delay == delay else ""
    moved = moves(history.values(key, "ran_on", begin, end))
    each += f" · seen to change CPU {moved} times" if moved else ""
    return row(
        (f"{name_of(key)} of {clean(key[0])}", "head"),
        f" at {seen} · pinned to {pin_text(history.thread(key))}, last on {where} · {load}{each}",
    )


def _panel(values: Sequence[float], top: float, height: int, style: str, glyphs: Glyphs, blank: int) -> list[Row]:
    rows, before = [], " " * blank
    dots = glyphs.dots
    lines = dot_columns(values, 0.0, top, height, glyphs.gap) if dots else columns(values, 0.0, top, height, glyphs)
    for i, line in enumerate(lines):
        share = 1 - i / max(height - 1, 1)
        labelled = i in (0, height - 1) or (height >= 7 and i == height // 2)
        axis = f"{top * share:6.0f} " if labelled else " " * 7
        rows.append(row((f"{axis}{glyphs.vertical}", "dim"), (before + line, style)))
    return rows


def _signs(history: LiveHistory, window: Window, at: int, inner: int, glyphs: Glyphs) -> Row:
    """Marks and the reading cursor below a graph."""
    signs: list[Run] = []
    cells = [" "] * inner
    for mark in history.marks:
        cell = window.cell_of(mark.number, inner)
        if cell is not None:
            cells[cell] = "!" if mark.alarm else "^"
    cell = window.cell_of(at, inner)
    if cell is not None:
        cells[cell] = glyphs.vertical if cells[cell] == " " else cells[cell]
    signs.append((" " * (AXIS - 1) + glyphs.corners[2], "dim"))
    signs.append(("".join(cells), "mark"))
    return Row(tuple(signs))


def _ruler(history: LiveHistory, window: Window, inner: int, width: int) -> Row:
    """The times of day at the left end, the middle and the right end."""
    begin, end = window.begin(inner), window.end - 1
    places = (max(begin, history.first), (max(begin, history.first) + end) // 2, end)
    left, middle, right = (clock_text(history.wall(n)) for n in places)
    offset = (window.cell_of(places[0], inner) or 0) + AXIS
    line = list(" " * width)
    for text, place in (
        (left, offset),
        (middle, (offset + width) // 2 - 4),
        (right, width - len(right)),
    ):
        if 0 <= place <= width - len(text) and not "".join(line[place : place + len(text)]).strip():
            line[place : place + len(text)] = text
    return row(("".join(line), "dim"))

"""The large graphs: the same figures with every set of glyphs, and braille only where it is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.screens.live.test_verdict import GUEST, moment
from vfiotui.live.history import LiveHistory
from vfiotui.tui.screens.live.graph import dot_columns, level
from vfiotui.tui.screens.live.large_row import big_rows
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.view import Table
from vfiotui.tui.terminal.capabilities import ASCII, BRAILLE, CONSOLE, UNICODE, Glyphs, find_caps

KEY = (GUEST, "vcpu", 0)


def figures(history: LiveHistory, glyphs: Glyphs, at: int) -> list[str]:
    """The lines that hold figures: the title, and what is told of each graph."""
    rows = big_rows(history, KEY, Window(history.count), at, Table(glyphs), 100, 30)
    return [r.text for r in rows if r.text.startswith(("v0", "frequency", "delay"))]


@pytest.mark.parametrize("glyphs", [BRAILLE, CONSOLE, ASCII], ids=lambda g: g.name)
def test_the_cursor_reads_the_same_whatever_is_drawn(glyphs: Glyphs) -> None:
    history = LiveHistory(500)
    for n in range(60):
        history.append(moment(float(n), (n * 1.5, 0.0)))
    for at in (59, 30, 1):
        assert figures(history, glyphs, at) == figures(history, UNICODE, at)
    assert "delay  45.0 ms/s" in figures(history, glyphs, 30)[2]


def test_braille_shows_twice_the_time() -> None:
    history = LiveHistory(500)
    for n in range(400):
        history.append(moment(float(n), (9.0, 0.0)))
    samples = [f[2].rpartition("· ")[2] for f in (figures(history, g, 399) for g in (UNICODE, BRAILLE))]
    assert samples == ["92 samples", "184 samples"]


@given(st.lists(st.floats(0, 100), max_size=40), st.integers(1, 6))
def test_dots_are_as_high_as_their_values(values: list[float], height: int) -> None:
    lines = dot_columns(values, 0.0, 100.0, height, "·")
    assert len(lines) == height and {len(line) for line in lines} == {(len(values) + 1) // 2}
    for index, value in enumerate(values):
        cells = [ord(line[index // 2]) for line in lines]
        mask = 0xB8 if index % 2 else 0x47
        dots = sum(((c - 0x2800) & mask).bit_count() for c in cells if c >= 0x2800)
        assert dots == level(value, 0.0, 100.0, 4 * height)


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"TERM": "xterm-kitty", "LANG": "C.UTF-8"}, "braille"),
        ({"TERM": "foot", "LANG": "C.UTF-8"}, "braille"),
        ({"TERM": "xterm-kitty", "LANG": "C"}, "ascii"),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, "unicode"),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, "console"),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "VFIOTUI_GLYPHS": "braille"}, "braille"),
        ({"TERM": "xterm-kitty", "LANG": "C.UTF-8", "VFIOTUI_GLYPHS": "unicode"}, "unicode"),
    ],
)
def test_braille_only_where_the_terminal_draws_it_itself(env: dict[str, str], name: str) -> None:
    assert find_caps(env).glyphs.name == name

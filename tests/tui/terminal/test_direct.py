"""Cells written past the compositor: the screen ends as the compositor would have left it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.tmux import Tmux
from vfiotui.tui.row import Row, row
from vfiotui.tui.terminal import cells as terminal_cells
from vfiotui.tui.terminal import door
from vfiotui.tui.terminal.cells import Span, changed_cells, differing, narrow
from vfiotui.tui.terminal.driver import QuietDriver

STEPS = 40
TOAST = "over the last rows"
PROGRAM = (sys.executable, "-m", "tests.tui.terminal.moving_rows")


def shown(theme: str, term: str, how: str) -> list[str]:
    """The screen with its colours after every tenth step, the cursor moved in between."""
    found = []
    with Tmux(theme, columns=80, lines=18, term=term, env={"VFIOTUI_DRAW": how}, program=PROGRAM) as terminal:
        terminal.shows("step 1 ")
        for step in range(2, STEPS + 1):
            terminal.send("n")
            terminal.shows(f"step {step} ")
            if step % 4 == 0:
                terminal.send("Down")
            if step % 10 == 0:
                terminal.shows("past the compositor" if how == "direct" else "by the compositor")
                # Keys are answered in order: the cursor went there and back when it is told that all is drawn.
                terminal.send("Up", "Down", "d")
                terminal.shows(f"step {step} drawn")
                found.append(terminal.coloured)
    return found


@pytest.mark.needs_tmux
@pytest.mark.parametrize(("theme", "term"), [("dark", "tmux-256color"), ("console", "linux")])
def test_both_ways_end_in_the_same_screen(theme: str, term: str) -> None:
    direct_way, public_way = shown(theme, term, "direct"), shown(theme, term, "public")
    for ours, theirs in zip(direct_way, public_way, strict=True):
        # The first line tells which way it was.
        assert ours.split("\n")[1:] == theirs.split("\n")[1:]
    assert len(set(direct_way)) == len(direct_way), "the picture moves"
    assert [TOAST in screen for screen in direct_way] == [False, False, True, True], "with and without a toast"


def test_an_unknown_textual_is_drawn_in_the_public_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(door.PUBLIC, raising=False)
    assert door.driver_class() is QuietDriver
    monkeypatch.setattr(door, "textual_version", lambda: "8.3.0")
    door._opened.cache_clear()
    assert door.opened() is None and door.driver_class() is None
    monkeypatch.undo()
    door._opened.cache_clear()
    monkeypatch.setenv(door.PUBLIC, "public")
    assert door.opened() is None and door.driver_class() is None


def test_the_version_is_told_by_the_folder_of_the_metadata_or_by_textual(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert door.textual_version() == door.textual.__version__
    monkeypatch.setattr(door.textual, "__file__", str(tmp_path / "textual" / "__init__.py"))
    assert door.textual_version() == door.textual.__version__
    (tmp_path / "textual-9.9.9.dist-info").mkdir()
    (tmp_path / "textual_dev-1.7.0.dist-info").mkdir()
    assert door.textual_version() == "9.9.9"


def cells(old: Row, new: Row, width: int = 40) -> list[Span] | None:
    return changed_cells(0, old, new, width)


def test_only_what_differs_is_written() -> None:
    assert cells(row("busy ", ("88 %", "warn")), row("busy ", ("89 %", "warn"))) == [Span(0, 6, "9", "warn")]
    assert cells(row("  12", "  34"), row("  13", "  35")) == [Span(0, 3, "3", ""), Span(0, 4, "  35", "")]
    assert cells(row("a", ("b", "warn")), row("a", ("b", "head"))) == [Span(0, 1, "b", "head")]
    assert cells(row("same"), row("same")) == []


@given(st.text(alphabet="a▁👍\udc80", min_size=1), st.text(alphabet="a▁👍\udc80", min_size=1))
def test_the_first_and_the_last_difference(one: str, other: str) -> None:
    length = min(len(one), len(other))
    before, text = one[:length], other[:length]
    places = [i for i in range(length) if before[i] != text[i]]
    if places:
        assert differing(before, text) == (places[0], places[-1])


def test_a_row_of_another_make_is_written_whole_with_blanks_behind_it() -> None:
    assert cells(row("abc"), row("ab"), 5) == [Span(0, 0, "ab", ""), Span(0, 2, "   ", "")]


def test_a_graph_is_shifted_where_the_terminal_can(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = row(("▁▂▃▄▅▆▇█▁▂", "graph")), row(("▂▃▄▅▆▇█▁▂▃", "graph"))
    monkeypatch.setattr(terminal_cells, "terminal_shifts", lambda: True)
    assert cells(old, new) == [Span(0, 0, "▃", "graph", 10)]
    monkeypatch.setattr(terminal_cells, "terminal_shifts", lambda: False)
    assert cells(old, new) == [Span(0, 0, "▂▃▄▅▆▇█▁▂▃", "graph")]


def test_what_takes_two_cells_or_does_not_fit_is_left_to_the_compositor() -> None:
    assert cells(row("名前"), row("名字")) is None
    assert cells(row("name"), row("名字")) is None
    assert cells(row("a" * 9, "b"), row("a" * 9, "c"), 9) is None
    assert all(cell_len(c) == 1 for c in map(chr, range(0x2900)) if terminal_cells._plain(c))
    assert narrow("▁é[/x]") and not narrow("e\u0301") and not narrow("👍")

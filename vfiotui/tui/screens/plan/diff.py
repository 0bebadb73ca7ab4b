"""Differences as rows: one below the other, or texts beside each other where there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfiotui.model.change.plan import text_of
from vfiotui.model.change.side_by_side import Beside, aligned, folded
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import fit, pieces

SIDE_BY_SIDE = 140
"""Columns from which two texts are shown beside each other."""
STYLES = {"+": "holds", "-": "fail", "@": "accent", "\\": "dim", "$": "accent"}
LIMIT = 2000
"""Lines of one difference that are shown; more are counted."""


def diff_rows(lines: Iterable[str], width: int, indent: str = "  ") -> list[Row]:
    """A unified diff, or the sentences that stand for one."""
    all_lines = [part for line in lines for part in line.split("\n")]
    rows = []
    for number, line in enumerate(all_lines[:LIMIT]):
        style = "dim" if number < 2 and line.startswith(("--- ", "+++ ")) else STYLES.get(line[:1], "")
        rows += [row(indent, (part, style)) for part in pieces(line, width - len(indent))]
    return [*rows, *_more(len(all_lines), indent)]


def _more(count: int, indent: str) -> list[Row]:
    return [row(indent, (f"and {count - LIMIT} lines more: saved plans hold them", "dim"))] if count > LIMIT else []


def lines_of(content: bytes | None) -> list[str] | None:
    """A text's lines without their ends, none where nothing is; None where it is no text."""
    if content is None:
        return []
    text = text_of(content)
    return None if text is None else text.split("\n")


def beside_rows(heads: Sequence[str], texts: Sequence[Sequence[str]], width: int, glyphs: Glyphs) -> list[Row]:
    """Texts in columns; the first is what the others are compared with, and equal parts are left out.

    A mark stands before each line that differs: - only here, + only there, ~ another one.
    """
    cell = (width - 2 - 3 * (len(heads) - 1)) // len(heads)
    line = f" {glyphs.vertical} "
    rows = [_columns([(fit(head, cell), "head") for head in heads], line)]
    found = folded(list(aligned(*texts)))
    for beside in found[:LIMIT]:
        if beside is None:
            rows.append(row("  ", ("…", "dim")))
        else:
            rows += _beside(beside, cell, line)
    return [*rows, *_more(len(found), "  ")]


def _beside(beside: Beside, cell: int, line: str) -> list[Row]:
    parts: list[list[Run]] = []
    pivot = beside[0]
    for place, text in enumerate(beside):
        mark, style = _mark(pivot, text, place, all(b == pivot for b in beside))
        found = pieces(text or "", cell - 2)
        parts.append([(fit(f"{mark} {p}" if i == 0 else f"  {p}", cell), style) for i, p in enumerate(found)])
    height = max(map(len, parts))
    blank = (" " * cell, "")
    return [_columns([p[i] if i < len(p) else blank for p in parts], line) for i in range(height)]


def _mark(pivot: str | None, text: str | None, place: int, same: bool) -> tuple[str, str]:
    if text is None or same:
        return " ", ""
    if place == 0:
        return "-", "fail"
    if pivot is None:
        return "+", "holds"
    return (" ", "") if text == pivot else ("~", "holds")


def _columns(runs: Sequence[Run], line: str) -> Row:
    found: list[Run] = [("  ", "")]
    for index, run in enumerate(runs):
        found += ([(line, "dim")] if index else []) + [run]
    return Row(tuple(found))

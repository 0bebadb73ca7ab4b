"""What an undo would do, as rows; a clash is shown from three sides."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.apply.steps.step import diff_lines
from vfiotui.apply.undo.clash import Clash
from vfiotui.model.change.journal import ChangeRecord
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.plan.diff import SIDE_BY_SIDE, beside_rows, diff_rows, lines_of
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import wrap

SIDES = ("ours: as the change left it", "kept: as it was before", "now: as it was changed since")


def undo_rows(
    record: ChangeRecord, steps: Sequence[tuple[str, list[str]]], found: Sequence[Clash], glyphs: Glyphs, width: int
) -> list[Row]:
    """Clashes first, then each subject with what is put back, the last step first."""
    rows = [row((line, "head")) for line in wrap(f"Taking back: {record.title}", width)]
    if found:
        text = (
            f"{len(found)} of its subjects changed since. Nothing is undone unless you force it (f): then the kept "
            "state replaces what is there now, and nothing keeps that."
        )
        rows += [BLANK, *(row((line, "fail")) for line in wrap(text, width))]
    for clash in found:
        rows += [BLANK, *clash_rows(clash, glyphs, width)]
    clashing = {c.subject for c in found}
    for subject, lines in steps:
        if subject not in clashing:
            rows += [BLANK, *(row((line, "head")) for line in wrap(subject, width)), *diff_rows(lines, width)]
    if not steps:
        rows += [BLANK, row(("No step of it is in force: only its state changes.", "dim"))]
    return rows


def clash_rows(clash: Clash, glyphs: Glyphs, width: int) -> list[Row]:
    """Kept, ours and now: beside each other where there is room, as two differences elsewhere."""
    rows = [row((line, "warn")) for line in wrap(f"{clash.subject} was changed by something else since", width)]
    if clash.kind == "command":
        return [*rows, row("  one of the files that it wrote is another one now")]
    texts = [lines_of(content) for content in (clash.ours, clash.kept, clash.now)]
    known = [text for text in texts if text is not None]
    if width + 2 >= SIDE_BY_SIDE and len(known) == len(texts):
        return [*rows, *beside_rows(SIDES, known, width, glyphs)]
    rows.append(row(("  from ours to now: what was changed since", "accent")))
    rows += diff_rows(diff_lines(clash.subject, clash.ours, clash.now), width)
    rows.append(row(("  from now to kept: what a forced undo puts back", "accent")))
    return [*rows, *diff_rows(diff_lines(clash.subject, clash.now, clash.kept), width)]

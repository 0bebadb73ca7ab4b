"""The journal as rows."""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.reading import Unread
from vfiotui.tui.row import Row, row
from vfiotui.tui.text import clean, fit, wrap

JOURNAL = "/var/lib/vfiotui/changes"
STYLES = {"done": "holds", "undone": "dim", "interrupted": "fail", "waiting for reboot": "warn"}


def change_rows(facts: Facts | None, width: int) -> list[Row]:
    """Newest first; an empty journal says where it would lie."""
    if facts is None:
        return [row(("reading the journal …", "accent"))]
    if isinstance(facts.changes, Unread):
        return [row((line, "unknown")) for line in wrap(f"the journal cannot be read: {facts.changes}", width)]
    if not facts.changes:
        text = f"No change has been made to this machine: its journal, {JOURNAL}, is empty or not there."
        return [row((line, "dim")) for line in wrap(text, width)]
    rows = [row((fit(f"{'number':8}{'state':20}change", width), "head"))]
    for change in facts.changes:
        state = (fit(change.state, 20), STYLES.get(change.state, "unknown"))
        rows.append(
            row(f"{change.number:04d}    ", state, fit(clean(change.title), max(width - 29, 10)), key=change.path)
        )
    return rows

"""The row of tabs: the screens with their keys, and what each has to tell while another one is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vfiotui.model.base.reading import Unread
from vfiotui.tui.actions import TABS
from vfiotui.tui.row import Row, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfiotui.live.history import LiveHistory
    from vfiotui.model.finding.finding import Finding
    from vfiotui.tui.status import Journal
    from vfiotui.tui.terminal.capabilities import Glyphs

ALARM_SECONDS = 60.0
"""How long the tab of Live shows that a guest had an alarm."""
ROOM = {"host": 3, "live": 2, "changes": 2}
"""Screen → cells that are kept behind its word, so that no tab moves when there is something to tell."""
SHORT = 78
"""Columns below which the words are cut to five letters."""


def badges(
    findings: Iterable[Finding] | None, journal: Journal | None, history: LiveHistory, glyphs: Glyphs
) -> dict[str, Run]:
    """Screen → what stands behind its word: how many checks failed, a fresh alarm, a change that is not whole yet."""
    found: dict[str, Run] = {}
    if findings is not None:
        from vfiotui.model.finding.report import count

        failed = count(findings).failed
        if failed:
            found["host"] = f"{failed}{glyphs.fail}", "fail"
    since = history.at(history.count - 1) - ALARM_SECONDS
    if any(m.alarm and history.at(m.number) >= since for m in history.marks):
        found["live"] = glyphs.warn, "warn"
    if journal is not None and not isinstance(journal, Unread) and journal:
        from vfiotui.model.change.journal import BUSY, State

        states = {r.state for r in journal}
        if states & {State.INTERRUPTED, State.STUCK, State.DAMAGED}:
            found["changes"] = glyphs.fail, "fail"
        elif states & {State.WAITING, State.OUTSTANDING, *BUSY}:
            found["changes"] = glyphs.warn, "warn"
    return found


def _tabs(width: int, told: Mapping[str, Run]) -> Iterator[tuple[str, str, Run]]:
    """Of each screen: its mode, its text with the key, and what stands behind that, or the room for it."""
    for key, mode, word in TABS:
        text, style = told.get(mode, ("", ""))
        behind = f"{text} " if text else ""
        yield mode, f" {key} {word[:5] if width < SHORT else word} ", (behind.ljust(ROOM.get(mode, 0)), style)


def tab_row(current: str, width: int, told: Mapping[str, Run]) -> Row:
    """The screens; the shown one is reversed, and tells nothing here that it shows itself."""
    runs: list[Run] = []
    for mode, text, badge in _tabs(width, told):
        runs.append((text, "reverse" if mode == current else "dim"))
        if badge[0]:
            runs.append((" " * len(badge[0]), "") if mode == current else badge)
    return Row(tuple(runs))


def tab_at(column: int, width: int, told: Mapping[str, Run]) -> str:
    """The mode of the screen whose tab covers a column; empty right of all of them."""
    end = 0
    for mode, text, (badge, _) in _tabs(width, told):
        end += len(text) + len(badge)
        if column < end:
            return mode
    return ""

"""The boot path as rows: the next boot in one line, each step of it, and the command lines that must agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.path_text import PathLine, path_lines, path_summary, words_against_now
from vfiotui.model.facts import Facts
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.text import fit, wrap

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

KEY = "boot "
"""What the keys of these rows begin with."""
LABEL = 11
"""Cells of the word before a line, a blank included."""
STYLES = {"not read": "unknown", "open": "warn", "entry": "accent"}


def boot_title(facts: Facts) -> str:
    """The pane's title, with the number of entries that the loader's menu has."""
    path = facts.boot if isinstance(facts.boot, Unread) else facts.boot.path
    count = 0 if isinstance(path, Unread) else len(path.entries)
    return f"next boot · {count} menu entr{'y' if count == 1 else 'ies'}" if count else "next boot"


def boot_rows(facts: Facts, width: int) -> list[Row]:
    """One row for the answer, one for how its words differ from now, one for each step; what is longer is cut."""
    if isinstance(facts.boot, Unread):
        return [row((fit(str(facts.boot), width), "unknown"), key=f"{KEY}0")]
    lines = path_lines(facts.boot)
    against = words_against_now(facts.boot)
    rows = [row((fit(path_summary(facts.boot), width), _answer_style(lines)))]
    rows += [row((fit(against, width), _against_style(against)))] if against else []
    rows += [
        row((fit(line.what, LABEL), "dim"), (fit(line.text, width - LABEL), STYLES.get(line.what, "")))
        for line in lines
    ]
    return [Row(each.runs, f"{KEY}{index}") for index, each in enumerate(rows)]


def boot_detail(facts: Facts, width: int) -> list[Row]:
    """The same in full, each line with the file that says so."""
    if isinstance(facts.boot, Unread):
        return [row((line, "unknown")) for line in wrap(f"how this host boots is not known: {facts.boot}", width)]
    lines = path_lines(facts.boot)
    against = words_against_now(facts.boot)
    rows = [row((line, _answer_style(lines))) for line in wrap(path_summary(facts.boot), width)]
    rows += [row((line, _against_style(against))) for line in (wrap(against, width) if against else ())]
    rows.append(BLANK)
    before = ""
    for line in lines:
        if line.what == "entry" or (line.what == "on disk" and before != "on disk"):
            rows.append(BLANK)
        rows += _whole(line, "" if line.what == before else line.what, width)
        before = line.what
    return rows


def _whole(line: PathLine, label: str, width: int) -> list[Row]:
    room = max(width - LABEL, 10)
    style = STYLES.get(line.what, "")
    parts = [(part, style) for part in wrap(line.text, room)]
    if line.source and line.source not in line.text:
        parts += [(part, "dim") for part in wrap(f"in {line.source}", room)]
    return [row((fit(label if i == 0 else "", LABEL), "head"), part) for i, part in enumerate(parts)]


def _answer_style(lines: tuple[PathLine, ...]) -> str:
    kinds = {line.what for line in lines}
    return "warn" if "open" in kinds else "head" if "entry" in kinds else "unknown"


def _against_style(text: str) -> str:
    return "accent" if text.startswith("the next boot") else "dim"


def open_boot_path(app: ConsoleContext, facts: Facts | None) -> None:
    """Shows the whole path over the present screen; nothing before the first facts are there."""
    if facts is not None:
        app.push_screen(TextScreen(row((" next boot ", "reverse")), lambda width: boot_detail(facts, width)))

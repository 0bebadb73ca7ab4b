"""`doctor --since-change`: what is new, fixed and unchanged since the report that was kept last.

JSON: {"since": time or null, "new": [findings], "fixed": [{"code", "subject", "sentence", "now"}], "not_visible":
[{"code", "subject", "sentence", "reason"}], "unchanged": number, "note": sentence or null}.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from vfiotui.apply.reports import keep_report, last_report, machine_folder, state_folder
from vfiotui.cli.out import printable, shown
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.comparison import Comparison, as_past, compare
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import WORDS

GONE = {"holds": "passed now", "n/a": "does not apply any more", "gone": "is not there any more"}


def compared_and_kept(facts: Facts, findings: tuple[Finding, ...]) -> tuple[Reading[Comparison], Unread | None]:
    """The comparison with the last report, and the reason where this one could not be kept for the next time."""
    host = facts.boot if isinstance(facts.boot, Unread) else facts.boot.hostname
    state = state_folder(os.environ, os.geteuid())
    folder = machine_folder(state, shown(host), str(facts.mode), facts.label)
    past = last_report(folder)
    comparison = past if isinstance(past, Unread) else compare(past, findings)
    return comparison, keep_report(folder, map(as_past, findings))


def as_text(found: Reading[Comparison], unkept: Unread | None, details: Callable[[Finding], list[str]]) -> list[str]:
    """The comparison; `details` makes the lines of one finding."""
    lines = []
    if isinstance(found, Unread):
        note = "this one is kept: change something, and run it again" if unkept is None else "nothing to compare with"
        lines.append(printable(f"{found.reason}; {note}."))
    else:
        lines.append(
            f"since {printable(found.since)}: {len(found.new)} new · {len(found.fixed)} fixed · "
            f"{found.unchanged} unchanged" + (f" · {len(found.hidden)} no longer visible" if found.hidden else "")
        )
        lines += ["", "new"] if found.new else []
        for finding in found.new:
            lines += details(finding)
        lines += ["", "fixed"] if found.fixed else []
        lines += [
            printable(f"+ {_subject(m.before.subject)}{m.before.sentence} → {GONE[m.now]} [{m.before.code}]")
            for m in found.fixed
        ]
        lines += ["", "wrong before, not visible now"] if found.hidden else []
        lines += [printable(f"? {_subject(p.subject)}{p.sentence} → {f.sentence} [{p.code}]") for p, f in found.hidden]
    if unkept is not None:
        lines += ["", printable(f"note: {unkept}")]
    return lines


def _subject(subject: str) -> str:
    return "" if subject == "host" else f"{subject}: "


def as_json(
    found: Reading[Comparison], unkept: Unread | None, one: Callable[[Finding], dict[str, Any]]
) -> dict[str, Any]:
    """The JSON document; `one` makes the object of one finding."""
    note = str(unkept) if unkept is not None else None
    if isinstance(found, Unread):
        empty: dict[str, Any] = {"since": None, "new": [], "fixed": [], "not_visible": [], "unchanged": 0}
        return {**empty, "note": note or found.reason}
    return {
        "since": found.since,
        "new": [one(f) for f in found.new],
        "fixed": [
            {
                "code": m.before.code,
                "subject": m.before.subject,
                "sentence": m.before.sentence,
                "now": WORDS.get(m.now, m.now),
            }
            for m in found.fixed
        ],
        "not_visible": [
            {"code": p.code, "subject": p.subject, "sentence": p.sentence, "reason": f.sentence}
            for p, f in found.hidden
        ],
        "unchanged": found.unchanged,
        "note": note,
    }

"""Two reports of one machine compared: what is new, what is fixed, and what can no longer be seen."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import level

TROUBLE = ("fail", "warn", "info")
"""Levels of findings that say that something is wrong."""


@dataclass(frozen=True, slots=True)
class Past:
    """One finding of an earlier report."""

    code: str
    subject: str
    word: str
    """The finding's level, as `report.level` gave it."""
    sentence: str


@dataclass(frozen=True, slots=True)
class PastReport:
    """An earlier report."""

    taken: str
    """When, as 2026-11-25T10:15:08Z."""
    findings: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something that was wrong and is not any more."""

    before: Past
    now: str
    """holds, n/a, or "gone" where nothing is said of it any more: the device or guest is not there."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between a report and an earlier one."""

    since: str
    new: tuple[Finding, ...]
    """Wrong now and not then, or worse than then; worst first."""
    fixed: tuple[Fixed, ...]
    hidden: tuple[tuple[Past, Finding], ...]
    """Wrong then and not visible now: not known to be fixed."""
    unchanged: int
    """Wrong then and now, no worse."""


def as_past(finding: Finding) -> Past:
    """What a report keeps of a finding."""
    return Past(finding.code, finding.subject, level(finding), finding.sentence)


def compare(past: PastReport, findings: Iterable[Finding]) -> Comparison:
    """What is new, fixed and unchanged; a check may say several things of one subject, the worst counts."""
    order = (*TROUBLE, "unknown", "holds", "n/a")
    before: dict[tuple[str, str], Past] = {}
    for old in sorted(past.findings, key=lambda p: order.index(p.word) if p.word in order else len(order)):
        before.setdefault((old.code, old.subject), old)
    now: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        now.setdefault((finding.code, finding.subject), finding)
    new, unchanged = [], 0
    for key, finding in now.items():
        then = before.get(key)
        if level(finding) not in TROUBLE:
            continue
        if then is not None and then.word in TROUBLE and TROUBLE.index(then.word) <= TROUBLE.index(level(finding)):
            unchanged += 1
        else:
            new.append(finding)
    fixed: list[Fixed] = []
    hidden: list[tuple[Past, Finding]] = []
    for key, old in before.items():
        if old.word not in TROUBLE:
            continue
        current = now.get(key)
        if current is None:
            fixed.append(Fixed(old, "gone"))
        elif level(current) == "unknown":
            hidden.append((old, current))
        elif level(current) not in TROUBLE:
            fixed.append(Fixed(old, level(current)))
    return Comparison(past.taken, tuple(new), tuple(fixed), tuple(hidden), unchanged)

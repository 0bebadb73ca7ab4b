"""Findings counted."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.counted import counted
from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Finding, Verdict

WORDS = {
    "fail": "failed",
    "warn": "warning",
    "info": "info",
    "unknown": "not checked",
    "holds": "passed",
    "n/a": "not applicable",
}
"""The level of a finding → the word that a person reads."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings of each level there are; the fields' names are keys of the doctor's JSON."""

    failed: int
    warnings: int
    info: int
    not_checked: int
    passed: int
    not_applicable: int

    def sentence(self) -> str:
        """ "3 failed · 5 warnings · 1 info · 2 not checked · 41 passed" """
        return (
            f"{self.failed} failed · {counted(self.warnings, 'warning')} · {self.info} info · "
            f"{self.not_checked} not checked · {self.passed} passed"
        )


def level(finding: Finding) -> str:
    """The key of `WORDS` for a finding: marks, styles, filters and kept reports go by it."""
    match finding.verdict:
        case Verdict.FAILED:
            return str(finding.severity)
        case Verdict.NOT_CHECKED:
            return "unknown"
        case Verdict.PASSED:
            return "holds"
        case Verdict.NOT_APPLICABLE:
            return "n/a"


def word(finding: Finding) -> str:
    """What a person reads of a finding first: failed, warning, info, not checked, passed or not applicable."""
    return WORDS[level(finding)]


def widest(findings: Iterable[Finding]) -> int:
    """The cells that the words of some findings need, and at least those of "not checked"."""
    return max([len(WORDS["unknown"]), *(len(word(f)) for f in findings)])


def count(findings: Iterable[Finding]) -> Counts:
    """The counts of some findings."""
    levels = [level(f) for f in findings]
    return Counts(*(levels.count(name) for name in WORDS))


def of_guest(findings: Iterable[Finding], name: str) -> tuple[Finding, ...]:
    """The findings about one guest that apply to it."""
    return tuple(f for f in findings if f.about_guest and f.subject == name and f.verdict is not Verdict.NOT_APPLICABLE)

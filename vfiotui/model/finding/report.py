"""Findings counted."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Finding, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings of each weight there are."""

    fail: int
    warn: int
    info: int
    unknown: int
    hold: int
    not_applicable: int

    def sentence(self) -> str:
        """ "3 fail · 5 warn · 2 unknown · 41 hold" """
        return f"{self.fail} fail · {self.warn} warn · {self.info} info · {self.unknown} unknown · {self.hold} hold"


def word(finding: Finding) -> str:
    """The one word for a finding: fail, warn, info, unknown, holds, n/a."""
    match finding.verdict:
        case Verdict.FAILS:
            return str(finding.severity)
        case Verdict.UNKNOWN:
            return "unknown"
        case Verdict.HOLDS:
            return "holds"
        case Verdict.NOT_APPLICABLE:
            return "n/a"


def count(findings: Iterable[Finding]) -> Counts:
    """The counts of some findings."""
    words = [word(f) for f in findings]
    return Counts(
        *(words.count(w) for w in (*map(str, (Severity.FAIL, Severity.WARN, Severity.INFO)), "unknown", "holds", "n/a"))
    )


def of_guest(findings: Iterable[Finding], name: str) -> tuple[Finding, ...]:
    """The findings about one guest that apply to it."""
    return tuple(f for f in findings if f.about_guest and f.subject == name and f.verdict is not Verdict.NOT_APPLICABLE)

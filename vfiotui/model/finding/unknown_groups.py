"""Unknowns of one reason as one: without root, or on a mounted disk, dozens of checks lack the same thing."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Finding, Verdict


@dataclass(frozen=True, slots=True)
class UnknownGroup:
    """Two or more findings that are not checked for one reason."""

    reason: str
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The checks, each once, in their order."""
        return tuple(dict.fromkeys(f.code for f in self.findings))

    @property
    def sentence(self) -> str:
        """ "9 checks: needs root" """
        count = len(self.codes)
        who = f"{count} checks" if count > 1 else f"1 check of {len(self.findings)} subjects"
        return f"{who}: {self.reason}"


def folded(findings: Iterable[Finding], opened: frozenset[str] = frozenset()) -> list[Finding | UnknownGroup]:
    """The findings in their order; a fold stands where its first finding stood. `opened` reasons stay apart."""
    kept = tuple(findings)
    same: dict[str, list[Finding]] = {}
    for finding in kept:
        if finding.verdict is Verdict.NOT_CHECKED and finding.lacks and finding.lacks not in opened:
            same.setdefault(finding.lacks, []).append(finding)
    lines: list[Finding | UnknownGroup] = []
    for finding in kept:
        group = same.get(finding.lacks, ()) if finding.verdict is Verdict.NOT_CHECKED else ()
        if len(group) < 2:
            lines.append(finding)
        elif group[0] is finding:
            lines.append(UnknownGroup(finding.lacks, tuple(group)))
    return lines

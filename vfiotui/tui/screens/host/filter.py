"""Which findings the Host screen shows: by severity, area, guest and text."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.facts import Facts
from vfiotui.model.finding.areas import area_rank
from vfiotui.model.finding.concern import concerns, domains_of, subjects_of
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import WORDS, level
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.host.finding_view import matches
from vfiotui.tui.text import clean, fit

LEVELS = ("problems", "all", "fail", "warn", "unknown", "holds")
"""What the severity steps through."""
LEVEL_WORDS = {
    "problems": ("fail", "warn", "unknown", "info"),
    "all": ("fail", "warn", "unknown", "info", "holds", "n/a"),
}
TROUBLE = ("fail", "warn", "unknown")


@dataclass(frozen=True, slots=True)
class HostFilter:
    """What is wanted; empty texts want everything."""

    level: str = LEVELS[0]
    area: str = ""
    guest: str = ""
    text: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything but the severity is left out."""
        return bool(self.area or self.guest or self.text)

    def keep(self, findings: Iterable[Finding], facts: Facts) -> list[Finding]:
        """The findings that are wanted, in their order."""
        levels = LEVEL_WORDS.get(self.level, (self.level,))
        domain = next((d for d in domains_of(facts) if d.name == self.guest), None)
        subjects = frozenset({self.guest}) if domain is None else subjects_of(domain, facts)
        return [
            f
            for f in findings
            if level(f) in levels
            and (not self.area or f.area == self.area)
            and (not self.guest or concerns(f, subjects, self.guest))
            and matches(f, self.text)
        ]

    def title(self) -> str:
        """What is wanted in words, each followed by " · "; empty where all problems are."""
        level = {"problems": "", "all": "all checks"}.get(self.level, f"only {WORDS.get(self.level, self.level)}")
        parts = (level, self.area, clean(self.guest))
        return "".join(f"{part} · " for part in parts if part)


def _counted(findings: list[Finding]) -> str:
    trouble = sum(level(f) in TROUBLE for f in findings)
    return f"{trouble:3} of {len(findings):3}"


def area_rows(findings: Iterable[Finding], width: int) -> list[Row]:
    """The areas that the findings have, with how many there are; their keys are "area WORDS"."""
    by_area: dict[str, list[Finding]] = {}
    kept = list(findings)
    for finding in kept:
        by_area.setdefault(finding.area, []).append(finding)
    order = sorted(by_area, key=lambda a: (area_rank(a), a))
    rows = [row(fit("all areas", 30), (_counted(kept), "dim"), key="area ")]
    rows += [row(fit(a, 30), (fit(_counted(by_area[a]), max(width - 30, 8)), "dim"), key=f"area {a}") for a in order]
    return rows


def guest_choice_rows(findings: Iterable[Finding], facts: Facts, width: int) -> list[Row]:
    """The guests with how many findings each has; their keys are "guest NAME"."""
    kept = list(findings)
    rows = [row(fit("all guests, and the host", 30), (_counted(kept), "dim"), key="guest ")]
    for domain in domains_of(facts):
        subjects = subjects_of(domain, facts)
        mine = [f for f in kept if concerns(f, subjects, domain.name)]
        state = fit(f"{_counted(mine)}   {domain.state}", max(width - 30, 8))
        rows.append(row(fit(domain.name, 29), " ", (state, "dim"), key=f"guest {domain.name}"))
    return rows if len(rows) > 1 else [*rows, row(("no guest is known here", "dim"))]

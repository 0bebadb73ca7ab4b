"""The catalogue of checks: each module in the folders of the topics defines `check` under the decorator `rule`."""

from __future__ import annotations

import importlib
import os
from functools import cache

from vfiotui.model.facts import Facts
from vfiotui.model.finding.areas import AREAS, area_rank
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules.aliases import current
from vfiotui.rules.engine import Rule

ORDER = {
    (Verdict.FAILED, Severity.FAIL): 0,
    (Verdict.FAILED, Severity.WARN): 1,
    (Verdict.NOT_CHECKED, Severity.FAIL): 2,
    (Verdict.NOT_CHECKED, Severity.WARN): 3,
    (Verdict.FAILED, Severity.INFO): 4,
    (Verdict.NOT_CHECKED, Severity.INFO): 5,
}
"""Worst first; what holds and what does not apply come last."""


TOPICS = tuple(AREAS)
"""The folders of this package that hold rules."""


def modules(topic: str) -> list[str]:
    """The modules of a topic's rules, below this package."""
    # pkgutil would list them too, and load `inspect` for it.
    files = (file.rpartition(".") for file in sorted(os.listdir(f"{__path__[0]}/{topic}")))
    return [f"{topic}.{name}" for name, _, ending in files if ending == "py" and name != "__init__"]


@cache
def catalogue() -> tuple[Rule, ...]:
    """All rules, by area and code."""
    names = [name for topic in TOPICS for name in modules(topic)]
    found = [importlib.import_module(f"{__name__}.{name}").check for name in names]
    return tuple(sorted(found, key=lambda r: (area_rank(r.area), r.code)))


def rule_of(code: str) -> Rule | None:
    """The rule with a code of today or of an earlier version, in any case."""
    wanted = current(code)
    return next((r for r in catalogue() if r.code == wanted), None)


def rank(finding: Finding) -> tuple[int, str, str]:
    """A key that sorts the worst finding first."""
    last = 6 if finding.verdict is Verdict.PASSED else 7
    return ORDER.get((finding.verdict, finding.severity), last), finding.code, finding.subject


def judge(facts: Facts) -> tuple[Finding, ...]:
    """What every rule says of the facts, worst first."""
    return tuple(sorted((f for r in catalogue() for f in r.ask(facts)), key=rank))

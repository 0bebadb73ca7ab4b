"""The catalogue of checks: every module of this package that defines `check` under the decorator `rule`."""

from __future__ import annotations

import importlib
import os
from functools import cache

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.finding.report import GUESTS
from vfiotui.rules.rule import Rule

ORDER = {
    (Verdict.FAILS, Severity.FAIL): 0,
    (Verdict.FAILS, Severity.WARN): 1,
    (Verdict.UNKNOWN, Severity.FAIL): 2,
    (Verdict.UNKNOWN, Severity.WARN): 3,
    (Verdict.FAILS, Severity.INFO): 4,
    (Verdict.UNKNOWN, Severity.INFO): 5,
}
"""Worst first; what holds and what does not apply come last."""


@cache
def catalogue() -> tuple[Rule, ...]:
    """All rules, by area and code."""
    found = []
    # pkgutil would list them too, and load `inspect` for it.
    for file in os.listdir(__path__[0]):
        name, _, ending = file.rpartition(".")
        if ending == "py" and name not in ("__init__", "rule", "table"):
            found.append(importlib.import_module(f"{__name__}.{name}").check)
    return tuple(sorted(found, key=lambda r: (r.area == GUESTS, int(r.area[1:]), r.code)))


def rule_of(code: str) -> Rule | None:
    """The rule with a code, in any case."""
    return next((r for r in catalogue() if r.code == code.upper()), None)


def rank(finding: Finding) -> tuple[int, str, str]:
    """A key that sorts the worst finding first."""
    last = 6 if finding.verdict is Verdict.HOLDS else 7
    return ORDER.get((finding.verdict, finding.severity), last), finding.code, finding.subject


def judge(facts: Facts) -> tuple[Finding, ...]:
    """What every rule says of the facts, worst first."""
    return tuple(sorted((f for r in catalogue() for f in r.ask(facts)), key=rank))

"""Unknowns of one reason are one line, in place, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts import HOSTS
from tests.machines import known_facts
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.finding.unknown_groups import UnknownGroup, folded
from vfiotui.rules import judge

ROOT = Unread("needs root", Why.FORBIDDEN, "/dev/kmsg")


def one(code: str, lacks: str = "", verdict: Verdict = Verdict.NOT_CHECKED, subject: str = "host") -> Finding:
    return Finding(code, "A title", verdict, Severity.WARN, subject, "It is so.", lacks=lacks)


def test_a_fold_stands_where_its_first_finding_stood() -> None:
    findings = (
        one("A", verdict=Verdict.FAILED),
        one("B", "needs root"),
        one("C", "is gone"),
        one("D", "needs root"),
        one("E"),
        one("F", "needs root", Verdict.FAILED),
    )
    assert folded(findings) == [
        findings[0],
        UnknownGroup("needs root", (findings[1], findings[3])),
        findings[2],
        findings[4],
        findings[5],
    ]
    assert folded(findings, frozenset({"needs root"})) == list(findings)


def test_it_counts_checks_or_subjects() -> None:
    assert UnknownGroup("r", (one("A"), one("B"))).sentence == "2 checks: r"
    several = UnknownGroup("r", (one("A", subject="x"), one("A", subject="y")))
    assert several.sentence == "1 check of 2 subjects: r" and several.codes == ("A",)


def test_nothing_is_lost_on_any_machine() -> None:
    for host in HOSTS:
        findings = judge(replace(known_facts(host), kernel_log=ROOT, memory=ROOT, access=ROOT))
        items = folded(findings)
        apart = [f for i in items for f in (i.findings if isinstance(i, UnknownGroup) else (i,))]
        assert sorted(map(repr, apart)) == sorted(map(repr, findings))
        assert "needs root" in {i.reason for i in items if isinstance(i, UnknownGroup)}

"""What is new, fixed, hidden and unchanged between two reports."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts import HOSTS
from tests.machines import facts_of, known_facts
from vfiotui.model.finding.comparison import Past, PastReport, as_past, compare
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules import judge


def finding(code: str, verdict: Verdict, severity: Severity = Severity.WARN, subject: str = "host") -> Finding:
    return Finding(code, code, verdict, severity, subject, f"{code} {verdict}")


def past(*findings: Finding) -> PastReport:
    return PastReport("2026-01-02T03:04:05Z", tuple(map(as_past, findings)))


def test_the_same_report_has_nothing_new() -> None:
    findings = judge(known_facts("tower"))
    found = compare(past(*findings), findings)
    assert found.new == found.fixed == found.hidden == ()
    assert found.unchanged == len({(f.code, f.subject) for f in findings if f.verdict is Verdict.FAILED})


def test_a_real_change_is_seen_both_ways() -> None:
    good = judge(known_facts("clean"))
    bad = judge(facts_of(replace(HOSTS["clean"], iommu="", tables=())))
    worse = compare(past(*good), bad)
    assert "IOMMU-OFF" in {f.code for f in worse.new} and worse.fixed == ()
    better = compare(past(*bad), good)
    assert better.new == () and "IOMMU-OFF" in {m.before.code for m in better.fixed}


def test_worse_is_new_and_better_is_unchanged() -> None:
    warn, fail = (finding("A", Verdict.FAILED, s) for s in (Severity.WARN, Severity.FAIL))
    assert compare(past(warn), [fail]).new == (fail,)
    assert compare(past(fail), [warn]).unchanged == 1


def test_what_can_no_longer_be_seen_is_not_fixed() -> None:
    blind = finding("A", Verdict.NOT_CHECKED)
    found = compare(past(finding("A", Verdict.FAILED)), [blind])
    assert found.fixed == () and found.hidden[0][1] is blind


def test_what_is_gone_says_so() -> None:
    found = compare(past(finding("A", Verdict.FAILED, subject="0000:01:00.0")), [])
    assert [(m.before.subject, m.now) for m in found.fixed] == [("0000:01:00.0", "gone")]


def test_a_check_that_did_not_exist_then_is_new() -> None:
    assert compare(past(), [finding("B", Verdict.FAILED)]).new


def test_the_worst_of_several_counts() -> None:
    old = PastReport("", (Past("A", "host", "holds", ""), Past("A", "host", "fail", "")))
    assert compare(old, [finding("A", Verdict.FAILED, Severity.FAIL)]).unchanged == 1

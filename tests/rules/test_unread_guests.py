"""A guest whose description cannot be read: no check passes on it, and none passes for the host without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Verdict
from vfiotui.model.guest.domain import UnreadGuest, Virt
from vfiotui.rules import catalogue
from vfiotui.rules.engine import Rule

CLOSED = UnreadGuest("closed", "/etc/libvirt/qemu/closed.xml", Unread("needs root", Why.FORBIDDEN))
PASSES = (Verdict.PASSED, Verdict.NOT_APPLICABLE)


def with_closed(facts: Facts) -> Facts:
    """The same machine with one more guest, which cannot be read."""
    assert isinstance(facts.virt, Virt)
    return replace(facts, virt=replace(facts.virt, unread=(CLOSED,)))


def without_guests(facts: Facts) -> Facts:
    """The same machine where no guest can be seen."""
    assert isinstance(facts.virt, Virt)
    return replace(facts, virt=replace(facts.virt, domains=Unread("needs root", Why.FORBIDDEN)))


@pytest.mark.parametrize("rule", [r for r in catalogue() if r.of_guest is not None], ids=lambda r: r.code)
def test_a_check_of_guests_does_not_check_an_unread_one(rule: Rule) -> None:
    said = {f.subject: f for f in rule.ask(with_closed(known_facts(rule.silent)))}
    assert said["closed"].verdict is Verdict.NOT_CHECKED and "needs root" in said["closed"].sentence
    assert "host" not in said


@pytest.mark.parametrize("rule", [r for r in catalogue() if r.of_guest is None], ids=lambda r: r.code)
def test_a_check_of_the_host_that_looks_at_guests_does_not_pass_without_one(rule: Rule) -> None:
    for name in (rule.fires, rule.silent):
        facts = known_facts(name)
        before = {(f.subject, f.verdict) for f in rule.ask(facts)}
        blind = {(f.subject, f.verdict) for f in rule.ask(without_guests(facts))}
        if before == blind:
            continue
        after = {(f.subject, f.verdict) for f in rule.ask(with_closed(facts))}
        assert not any(s == "host" and v in PASSES for s, v in after), after
        gone = {s for s, v in before if v is Verdict.FAILED} - {s for s, _ in after}
        assert not gone or ("host", Verdict.NOT_CHECKED) in after


def test_the_machines_of_these_tests_are_read_wholly() -> None:
    """Otherwise the comparison above would compare nothing."""
    for name in HOSTS:
        virt = known_facts(name).virt
        assert (isinstance(virt, Virt) and not virt.unread) or name in {"hostile"}


@pytest.mark.parametrize("rule", [r for r in catalogue() if r.of_guest is not None], ids=lambda r: r.code)
def test_a_guest_whose_xml_is_damaged_in_a_part_passes_no_check(rule: Rule) -> None:
    facts = known_facts(rule.silent)
    assert isinstance(facts.virt, Virt) and not isinstance(facts.virt.domains, Unread)
    damaged = tuple(replace(d, damage=("the text of <vcpu> makes no sense: 'x'",)) for d in facts.virt.domains)
    said = rule.ask(replace(facts, virt=replace(facts.virt, domains=damaged)))
    assert {f.subject for f in said} == {d.name for d in damaged}
    assert not {f.verdict for f in said} & set(PASSES)

"""Judging again gives what judging anew gives, and asks only what has changed."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest

from tests.hosts import HOSTS
from tests.machines import facts_of
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules import catalogue, judge
from vfiotui.rules.engine import Rule
from vfiotui.rules.rejudge import Rejudge

SEED = 20261130


def domains_of(facts: Facts) -> tuple[Domain, ...]:
    assert isinstance(facts.virt, Virt) and not isinstance(facts.virt.domains, Unread)
    return facts.virt.domains


def with_domains(facts: Facts, *domains: Domain) -> Facts:
    assert isinstance(facts.virt, Virt)
    return replace(facts, virt=replace(facts.virt, domains=domains))


@pytest.fixture
def many() -> Facts:
    """The tower with twelve guests."""
    facts = facts_of(HOSTS["tower"])
    first = domains_of(facts)[0]
    return with_domains(facts, *(replace(first, name=f"g{i:02}", uuid=f"u{i}") for i in range(12)))


def test_one_host_after_the_other_is_judged_as_each_alone() -> None:
    again = Rejudge()
    for name, host in HOSTS.items():
        facts = facts_of(host)
        assert again(facts) == judge(facts), name


def test_parts_that_change_one_by_one_are_judged_as_a_whole() -> None:
    """The parts of one machine are exchanged for those of another in a random order, and taken away."""
    order = random.Random(SEED)
    names = list(HOSTS)
    again = Rejudge()
    facts = facts_of(HOSTS["tower"])
    parts = [f.name for f in fields(facts) if f.name not in ("mode", "label", "privileged")]
    for _ in range(120):
        part = order.choice(parts)
        other: object = getattr(facts_of(HOSTS[order.choice(names)]), part)
        if part != "gaps" and order.random() < 0.2:
            other = Unread("was taken away", Why.FORBIDDEN)
        facts = replace(facts, **{part: other})
        assert again(facts) == judge(facts), f"{part}, seed {SEED}"


def test_the_same_facts_ask_nothing(many: Facts) -> None:
    again = Rejudge()
    again(many)
    assert len(again.asked) > 12 * 30
    assert again(replace(many)) == judge(many) and again.asked == []


def test_a_guest_that_changes_is_asked_again_and_no_other_where_a_check_looks_at_it_alone(many: Facts) -> None:
    again = Rejudge()
    again(many)
    domains = list(domains_of(many))
    domains[3] = replace(domains[3], cpu_mode="qemu64", autostart=not domains[3].autostart)
    later = with_domains(many, *domains)
    assert again(later) == judge(later)
    asked = {name for _, name in again.asked}
    alone = {code for code, name in again.asked if name == "g03"} - {c for c, name in again.asked if name == "g04"}
    assert "g03" in asked
    guest_rules = {r.code for r in catalogue() if r.of_guest is not None}
    assert len(alone) > 0.8 * len(guest_rules), "checks that compare guests are few"
    host_rules = [r for r in catalogue() if r.of_guest is None]
    assert sum(not name for _, name in again.asked) < len(host_rules), "checks that look at no guest are not asked"


def test_a_host_part_that_changes_asks_no_check_that_does_not_look_at_it(many: Facts) -> None:
    again = Rejudge()
    again(many)
    later = replace(many, power=Unread("was taken away"))
    assert again(later) == judge(later)
    codes = {code for code, _ in again.asked}
    assert codes and codes <= {r.code for r in catalogue() if "power" in r.needs or r.of_guest is not None}


def test_a_guest_that_goes_and_comes_back_is_judged(many: Facts) -> None:
    again = Rejudge()
    domains = domains_of(many)
    for present in (domains, domains[1:], domains, ()):
        facts = with_domains(many, *present)
        assert again(facts) == judge(facts)
    assert not again._said_of, "guests that are gone are forgotten"


def test_a_check_that_breaks_is_asked_again_when_its_parts_change(many: Facts) -> None:
    again = Rejudge()
    broken = with_domains(many, *(replace(d, vcpu_pins=None) for d in domains_of(many)))  # type: ignore[arg-type]
    assert again(broken) == judge(broken)
    assert any("the check itself failed" in f.sentence for f in again(broken))
    assert again(many) == judge(many)


def test_a_call_that_is_broken_off_leaves_no_old_answer(many: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    again, real = Rejudge(), Rejudge._ask
    again(many)
    other = replace(many, power=Unread("was taken away"), memory=Unread("was taken away"))

    def ask(self: Rejudge, rule: Rule, facts: Facts) -> object:
        if self.asked:
            raise KeyboardInterrupt
        return real(self, rule, facts)

    with monkeypatch.context() as broken:
        broken.setattr(Rejudge, "_ask", ask)
        with pytest.raises(KeyboardInterrupt):
            again(other)
    assert again(many) == judge(many)

"""What keeps a guest from starting: findings about it and its devices, and no others."""

from __future__ import annotations

from tests.hosts import HOSTS
from tests.machines import facts_of
from vfiotui.demo.machine import machine
from vfiotui.model.base.value import replace
from vfiotui.model.facts import Facts
from vfiotui.model.finding.concern import domains_of
from vfiotui.model.finding.finding import Severity
from vfiotui.rules import catalogue, judge
from vfiotui.rules.start import CODES, StartProblem, findings_for, start_problems


def problems(facts: Facts, name: str) -> tuple[StartProblem, ...]:
    domain = next(d for d in domains_of(facts) if d.name == name)
    return start_problems(replace(domain, state="shut off"), facts, findings_for(facts))


def test_every_code_is_one_of_a_check_and_the_short_way_says_what_all_checks_say() -> None:
    assert {rule.code for rule in catalogue()} >= CODES
    facts = facts_of(machine("tower"))
    for domain in domains_of(facts):
        assert start_problems(domain, facts, judge(facts)) == start_problems(domain, facts, findings_for(facts))


def test_a_group_that_a_host_driver_shares_is_named_with_its_devices_once() -> None:
    found = problems(facts_of(machine("tower")), "macos")
    assert [p.code for p in found] == ["GROUP-NOT-VIABLE", "DEVICE-IN-USE"]
    assert "0000:05:00.0, driver igb" in found[0].sentence and found[0].severity is Severity.FAIL


def test_a_sound_guest_and_one_that_runs_have_none() -> None:
    facts = facts_of(machine("tower"))
    assert problems(facts, "win10") == () == problems(facts, "arch-test")
    macos = next(d for d in domains_of(facts) if d.name == "macos")
    assert start_problems(replace(macos, state="running"), facts, findings_for(facts)) == ()


def test_a_device_that_a_running_guest_has_is_a_reason() -> None:
    facts = facts_of(machine("tower"))
    win = next(d for d in domains_of(facts) if d.name == "win10")
    twin = replace(win, name="win10-b", uuid="", state="shut off")
    (found,) = start_problems(twin, facts, findings_for(facts))
    assert found.sentence == "0000:08:00.0, 0000:08:00.1 are in use by the running guest win10."
    assert found.fix == "shut win10 down first"


def test_what_the_guest_is_made_of_is_judged_before_the_start() -> None:
    facts = facts_of(HOSTS["guest-devices"])
    codes = {p.code for d in domains_of(facts) for p in problems(facts, d.name)}
    assert {"GUEST-DEVICE-ABSENT", "GUEST-MANAGED"} <= codes <= CODES | {"", "GROUP-NOT-VIABLE"}

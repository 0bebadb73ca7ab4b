"""Goals about frequency and power over described machines: each fix silences its finding, and the rest is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS, INTEL
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan, reads
from vfiotui.rules import judge, rule_of

CPUS = "/sys/devices/system/cpu"
POLICY_BOOST = replace(
    CLEAN,
    files={**CLEAN.files, **{f"{CPUS}/cpufreq/policy{c}/boost": f"{int(c > 1)}\n" for c in range(8)}},
    remove=(*CLEAN.remove, f"{CPUS}/cpufreq/boost"),
)
SHARE = replace(INTEL, guests=CLEAN.guests, cpu=replace(INTEL.cpu, max_percent=30, limit_khz=2000000, boost=False))
NUMERIC = replace(CLEAN, cpu=replace(CLEAN.cpu, preference="255"))


def plan_of(host: Host, *goals: tuple[str, str]) -> Plan:
    return make_plan(facts_of(host), read_config_snapshot(root_of(host), reads(goals)), goals)


def failing(host: Host) -> dict[tuple[str, str], Finding]:
    return {(f.code, f.sentence): f for f in judge(facts_of(host)) if f.verdict is Verdict.FAILED}


def applied(host: Host, plan: Plan) -> Host:
    """The machine after the plan, each step checked against what the attribute held."""
    root = root_of(host)
    files = dict(host.files)
    for step in plan.steps:
        assert step.kind == "value" and root.text(step.subject) == (step.before or b"").decode()
        files[step.subject] = f"{(step.after or b'').decode()}\n"
    return replace(host, files=files)


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ("CPU-FREQ-GOVERNOR", HOSTS["lazy"]),
        ("CPU-FREQ-GOVERNOR", HOSTS["lazy-acpi"]),
        ("CPU-FREQ-GOVERNOR", NUMERIC),
        ("CPU-FREQ-LIMIT", HOSTS["lazy"]),
        ("CPU-FREQ-LIMIT", SHARE),
        ("CPU-FREQ-BOOST", HOSTS["lazy"]),
        ("CPU-FREQ-BOOST", SHARE),
        ("CPU-FREQ-BOOST", POLICY_BOOST),
        ("CPU-PLATFORM-PROFILE", HOSTS["hot-laptop"]),
        ("CPU-POWER-LIMIT", HOSTS["hot-laptop"]),
    ],
)
def test_the_plan_of_a_fix_silences_its_finding_and_raises_no_other(code: str, host: Host) -> None:
    before = failing(host)
    rule = rule_of(code)
    assert rule is not None
    found = [f for f in rule.ask(facts_of(host)) if f.verdict is Verdict.FAILED]
    assert found and all(f.fix is not None and f.fix.goal for f in found)
    goals = tuple(dict.fromkeys(goal for f in found if f.fix is not None for goal in f.fix.goal))
    plan = plan_of(host, *goals)
    after = applied(host, plan)
    assert plan.steps and {c for c, _ in failing(after)} == {c for c, _ in before} - {code}
    assert any("until the next boot" in note for note in plan.notes)
    assert plan_of(after, *goals).steps == (), "what is fulfilled adds no step"


def test_a_preference_is_set_and_the_governor_is_left() -> None:
    subjects = [s.subject for s in plan_of(HOSTS["lazy"], ("power.performance", "2")).steps]
    assert subjects == [f"{CPUS}/cpufreq/policy2/energy_performance_preference"]


@pytest.mark.parametrize(
    ("host", "goal", "words"),
    [
        (CLEAN, ("power.performance", "banana"), "CPU"),
        (CLEAN, ("power.performance", ""), "CPU"),
        (CLEAN, ("power.performance", "700"), "no policy of CPU 700"),
        (CLEAN, ("power.boost", "off"), "only 'on'"),
        (CLEAN, ("power.profile", "performance"), "no platform profile"),
        (CLEAN, ("power.package-limit", "full"), "no power limits"),
        (HOSTS["hot-laptop"], ("power.profile", "turbo"), "quiet, balanced, performance"),
        (HOSTS["hot-laptop"], ("power.package-limit", "99"), "only 'full'"),
    ],
)
def test_what_cannot_be_is_a_sentence(host: Host, goal: tuple[str, str], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan_of(host, goal)


def test_a_governor_that_the_driver_does_not_offer_is_refused() -> None:
    few = {f"{CPUS}/cpufreq/policy{c}/scaling_available_governors": "powersave ondemand\n" for c in range(8)}
    host = replace(HOSTS["lazy-acpi"], files={**CLEAN.files, **few})
    with pytest.raises(PlanError, match="does not offer 'performance'"):
        plan_of(host, ("power.performance", "2-3"))


@pytest.mark.parametrize("name", ["power", "limits"])
def test_what_is_unread_is_not_planned(name: str) -> None:
    blind = replace(CLEAN, remove=(*CLEAN.remove, CPUS))
    goal = ("power.boost", "on") if name == "power" else ("power.profile", "balanced")
    with pytest.raises(PlanError, match="cannot be read"):
        plan_of(blind, goal)

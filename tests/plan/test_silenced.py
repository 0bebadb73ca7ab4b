"""For every check and every machine on which it fails: the plan of its fix silences it there, and breaks nothing else.

The plan is applied to a copy of the machine (`carried_out.py`), which restarts where the plan waits for that, and is
judged again: the finding is gone, no other warning or failure has come. `fixes_known.txt` lists "CODE by hand: WHERE"
for what only a person can do, "CODE not built" for fixes without a planner, and "CODE on MACHINE refused" where a plan
is; it may only shrink.
`python -m tests.plan.test_silenced` prints all, with the counts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tests.hosts import HOSTS
from tests.machines import facts_of, known_facts, root_of
from tests.plan.carried_out import booted, carried_out
from vfiotui.demo import machine
from vfiotui.demo.description import Host
from vfiotui.host.guest import domains
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import can_plan, guests, make_plan, reads
from vfiotui.plan.isolate.forecasts import forecasts
from vfiotui.plan.service import plan_goals
from vfiotui.rules import judge
from vfiotui.state.plan_inputs import RootInputs

MOVING = re.compile(r"vfio|isolate|ids|driver|modprobe|module|blacklist|initramfs|config\.|pci|guard|video|nomodeset")
"""Goals after which other drivers may get a device."""
KNOWN = Path(__file__).with_name("fixes_known.txt")


@dataclass
class Tally:
    """What came of all fixes."""

    silenced: list[str] = field(default_factory=list)
    """CODE on MACHINE."""
    failed: dict[str, str] = field(default_factory=dict)
    """CODE on MACHINE → what is wrong with its plan there."""
    refused: dict[str, str] = field(default_factory=dict)
    """CODE on MACHINE → the sentence with which a plan is refused."""
    by_hand: set[str] = field(default_factory=set)
    """Codes with where a person has to act."""
    unplanned: dict[str, str] = field(default_factory=dict)
    """Codes of checks that fail on some machine with a fix that no planner makes → the first such machine."""
    rebooted: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    """Machine → its findings after a reboot without a plan."""

    @property
    def known(self) -> list[str]:
        """The lines of the list."""
        refused = (f"{case} refused" for case in self.refused)
        return sorted({*self.by_hand, *(f"{code} not built" for code in self.unplanned), *refused})

    def note_unplanned(self, machine: str, found: Iterable[Finding]) -> None:
        """Sorts the findings that no plan serves; one that is no more than news needs no fix."""
        for finding in found:
            fix = finding.fix
            if fix is not None and fix.by_hand is not None:
                assert not fix.goal, f"{finding.code}: by hand, and a goal"
                self.by_hand.add(f"{finding.code} by hand: {fix.by_hand}")
            elif not (can_plan(fix.goal) if fix is not None else finding.severity is Severity.INFO):
                self.unplanned.setdefault(finding.code, machine)


class Inputs(RootInputs):
    """A described machine whose facts are there already."""

    def __init__(self, host: Host, facts: Facts) -> None:
        root = root_of(host)
        super().__init__(root, lambda: domains.read(root), daemon=False)
        self._facts = facts

    def facts(self) -> Facts:
        return self._facts


def machines() -> Iterator[tuple[str, Host, Facts]]:
    """The demo machines, without the very large one, and all machines of the tests, with their facts."""
    for name in machine.names():
        if name == "scale":
            continue
        host = machine.machine(name)
        yield f"demo {name}", host, facts_of(host)
    for name, host in HOSTS.items():
        yield name, host, known_facts(name)


def bad(findings: Iterable[Finding]) -> list[Finding]:
    """Warnings and failures."""
    return [f for f in findings if f.verdict is Verdict.FAILED]


def by_fix(findings: Iterable[Finding]) -> Mapping[tuple[Goal, ...], list[Finding]]:
    """The findings whose fixes are plans, by their goals: one plan serves all that have the same."""
    found: dict[tuple[Goal, ...], list[Finding]] = {}
    for finding in bad(findings):
        if finding.fix is not None and can_plan(finding.fix.goal):
            found.setdefault(finding.fix.goal, []).append(finding)
    return found


def left_of(finding: Finding, before: Iterable[Finding], after: Iterable[Finding]) -> str:
    """Why a finding is not silenced, as a sentence; empty where it is."""

    def same(findings: Iterable[Finding], *verdicts: Verdict) -> list[Finding]:
        about = [f for f in findings if (f.code, f.subject) == (finding.code, finding.subject)]
        return [f for f in about if f.verdict in verdicts]

    still = same(after, Verdict.FAILED)
    goals = [f.fix.goal for f in still if f.fix is not None]
    assert finding.fix is not None
    if finding.fix.goal in goals or len(still) >= len(same(before, Verdict.FAILED)):
        return f"fails still: {still[0].sentence}"
    if len(unread := same(after, Verdict.NOT_CHECKED)) > len(same(before, Verdict.NOT_CHECKED)):
        return f"is not checked any more: {unread[0].sentence}"
    return ""


def raised(before: Iterable[Finding], after: Iterable[Finding]) -> list[str]:
    """The warnings and failures that were not there before."""
    old = {(f.code, f.subject) for f in bad(before)}
    return [
        f"{f.code}: {f.sentence}" for f in bad(after) if (f.code, f.subject) not in old and f.severity != Severity.INFO
    ]


def _planned(inputs: Inputs, facts: Facts, goals: tuple[Goal, ...]) -> Plan:
    """The plan of the service; without the prediction, which is dear, where the goals move no device."""
    if MOVING.search(" ".join(f"{name} {argument}" for name, argument in goals)):
        return plan_goals(inputs, goals)
    stored = {name: inputs.guest(name) for name in guests(goals)}
    return make_plan(facts, replace(inputs.config(reads(goals)), guests=stored), goals)


def _try(tally: Tally, name: str, host: Host, facts: Facts) -> None:
    before = judge(facts)
    for goals, findings in by_fix(before).items():
        try:
            plan = _planned(Inputs(host, facts), facts, goals)
        except PlanError as error:
            tally.refused.update((f"{f.code} on {name}", str(error)) for f in findings)
            continue
        _apply(tally, name, host, plan, before, findings)


def _apply(
    tally: Tally, name: str, host: Host, plan: Plan, before: tuple[Finding, ...], findings: list[Finding]
) -> None:
    try:
        after = judge(facts_of(carried_out(host, plan)))
        new = raised(before, after)
        if new and plan.waits_for_boot:
            new = raised((*before, *_rebooted(tally, name, host)), after)
    except AssertionError as error:
        tally.failed.update((f"{f.code} on {name}", f"cannot be applied: {error}") for f in findings)
        return
    for finding in findings:
        wrong = [w for w in (left_of(finding, before, after), *new) if w]
        if not plan.steps and not plan.left:
            wrong.append("the plan does nothing")
        if wrong:
            tally.failed[f"{finding.code} on {name}"] = "; ".join(wrong)
        else:
            tally.silenced.append(f"{finding.code} on {name}")


def _rebooted(tally: Tally, name: str, host: Host) -> tuple[Finding, ...]:
    """What is found after a reboot without any plan: no plan raises that."""
    if name in tally.rebooted:
        return tally.rebooted[name]
    facts = facts_of(host)
    inputs = Inputs(host, facts)
    told = forecasts(facts, inputs.config(), inputs.boots(facts))
    outcomes = {} if isinstance(told, Unread) else {f.bdf: f.outcomes for f in told}
    tally.rebooted[name] = judge(facts_of(booted(host, outcomes)))
    return tally.rebooted[name]


@cache
def tallied(*names: str) -> Tally:
    """All fixes on all machines, or on those named, one after the other."""
    tally = Tally()
    for name, host, facts in machines():
        if not names or name in names:
            tally.note_unplanned(name, bad(judge(facts)))
            _try(tally, name, host, facts)
    return tally


def test_the_plan_of_every_fix_silences_its_finding_and_raises_no_other() -> None:
    tally = tallied()
    assert tally.failed == {}
    assert len(tally.silenced) > 200


def test_fixes_without_a_plan_are_listed_and_become_fewer() -> None:
    known, found = set(KNOWN.read_text("utf-8").splitlines()), set(tallied().known)
    assert found <= known, "a fix needs a planner, or its finding no fix that is refused"
    assert known <= found, f"these are planned now, or by hand elsewhere: take them out of {KNOWN.name}"


if __name__ == "__main__":
    done = tallied(*sys.argv[1:])
    print(*done.known, sep="\n")
    for line in (f"{c}: {why}" for c, why in (*done.unplanned.items(), *done.refused.items(), *done.failed.items())):
        print(line, file=sys.stderr)
    count = len(done.silenced) + len(done.failed)
    print(f"{len(done.silenced)} of {count} plans silence their finding", file=sys.stderr)
    print(f"{len(done.refused)} refused, {len(done.unplanned)} not built, {len(done.by_hand)} by hand", file=sys.stderr)

"""Isolated CPUs, idle states, services and the slice of guests: what is asked changes, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.plan.guest.definitions import planned
from vfiotui.demo.description import Host
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged

CLEAN = HOSTS["clean"]
GRUB = "/etc/default/grub"


def isolating(words: str) -> Host:
    return replace(CLEAN, cmdline=f"{CLEAN.cmdline} {words}", default_cmdline=f"quiet {words}")


def words_after(plan: Plan) -> str:
    (step,) = (s for s in plan.steps if s.subject == GRUB)
    return (step.after or b"").decode()


@pytest.mark.parametrize(
    ("words", "only", "wanted"),
    [
        ("isolcpus=2-7 nohz_full=2-7", "4-7", "quiet isolcpus=4-7 nohz_full=4-7"),
        ("isolcpus=managed_irq,domain,2-7", "4,6", "quiet isolcpus=managed_irq,domain,4,6"),
        ("isolcpus=2-3 rcu_nocbs=2-7", "4-7", "quiet rcu_nocbs=4-7"),
        ("isolcpus=2-7 x=1", "none", "quiet x=1"),
        ("isolcpus=2-7", "0-7", None),
    ],
)
def test_words_name_only_these_cpus(words: str, only: str, wanted: str | None) -> None:
    plan = planned(isolating(words), ("isolation.only", only))
    if wanted is None:
        assert plan.steps == ()
    else:
        assert f'"{wanted}"' in words_after(plan)


@pytest.mark.parametrize(
    ("words", "argument", "sentence"),
    [
        ("x=1", "4-7", "no word of the next command line isolates"),
        ("isolcpus=2-7", "many", "is no list of CPUs"),
        ("nohz_full=all", "4-7", "correct it by hand"),
    ],
)
def test_what_cannot_be_narrowed_is_a_sentence(words: str, argument: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(isolating(words), ("isolation.only", argument))


def test_deep_idle_states_are_switched_off_once() -> None:
    plan = planned(HOSTS["lazy"], ("power.idle", "4-5=200"))
    assert judged(plan).strange == ()
    assert [s.subject for s in plan.steps] == [
        f"/sys/devices/system/cpu/cpu{cpu}/cpuidle/state3/disable" for cpu in (4, 5)
    ]
    assert {(s.before, s.after) for s in plan.steps} == {(b"0\n", b"1")}
    off = {f"/sys/devices/system/cpu/cpu{cpu}/cpuidle/state3/disable": "1\n" for cpu in (4, 5)}
    done = replace(HOSTS["lazy"], files={**HOSTS["lazy"].files, **off})
    assert planned(done, ("power.idle", "4-5=200")).steps == ()


@pytest.mark.parametrize("argument", ["4-5", "4-5=", "=200", "x=200", "4=99999999", "999=200"])
def test_what_is_no_set_of_cpus_and_a_time_is_refused(argument: str) -> None:
    with pytest.raises(PlanError, match=r"is no CPUS=MICROSECONDS|cannot be read"):
        planned(HOSTS["lazy"], ("power.idle", argument))


def test_a_service_stops_and_the_undo_starts_it() -> None:
    plan = planned(HOSTS["lazy"], ("service.off", "tlp"))
    assert judged(plan).strange == () and judged(plan).raised == ()
    (step,) = plan.steps
    assert (step.argv[1:], step.back[1:]) == (("disable", "--now", "tlp"), ("enable", "--now", "tlp"))
    for unit in ("--now", "a b", "x;y", ""):
        with pytest.raises(PlanError, match="no name of a unit"):
            planned(HOSTS["lazy"], ("service.off", unit))


def test_the_slice_of_guests_has_all_cpus_and_gets_its_limit_back() -> None:
    plan = planned(HOSTS["narrow-slice"], ("slice.cpus", "all"))
    assert judged(plan).strange == () and judged(plan).raised == ()
    (step,) = plan.steps
    assert (step.argv[-1], step.back[-1]) == ("AllowedCPUs=", "AllowedCPUs=0-4")
    with pytest.raises(PlanError, match="only 'all'"):
        planned(HOSTS["narrow-slice"], ("slice.cpus", "0-3"))

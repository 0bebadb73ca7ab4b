"""What the monitor notices: the same for the console and for a stream, and each thing once."""

from __future__ import annotations

import time

import pytest

from tests.hosts import HOSTS, TOWER
from tests.machines import facts_of, root_of
from vfiotui.demo.machine import machine
from vfiotui.live.monitor import GAP_SECONDS, INVESTIGATION_SECONDS, Monitor, Started, vcpu_cpus
from vfiotui.live.sampler import ASKED_SHARE, CULPRIT_SECONDS, CULPRIT_SHARE, Readers, Sampler
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.guest.domain import Virt
from vfiotui.model.live.alarm import LONG_WAIT, Limits
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.sample import GuestMoment, LiveMoment, Sample, ThreadMoment
from vfiotui.model.memory.start_pages import SETTLE_SECONDS
from vfiotui.state.topics import CULPRITS

NOTHING = Unread("not sampled")


def moment(at: float, *guests: tuple[str, int, float], cpu: int = 2) -> LiveMoment:
    """A sample of guests by name, process and the delay of their only vCPU in ms/s."""
    found = tuple(
        GuestMoment(name, pid, (ThreadMoment("vcpu", 0, pid + 1, frozenset({cpu}), cpu, 0.5, delay, 1.0, 0.0),))
        for name, pid, delay in guests
    )
    return LiveMoment(at, NOTHING, found, Sample(at, at, NOTHING, NOTHING))


def virt(**states: str) -> Virt:
    """Guests of the tower by new names, with their states."""
    found = facts_of(HOSTS["tower"]).virt
    assert isinstance(found, Virt) and not isinstance(found.domains, Unread)
    return replace(found, domains=tuple(replace(found.domains[0], name=n, state=s) for n, s in states.items()))


def monitor(delay: float = LONG_WAIT) -> Monitor:
    return Monitor(root_of(TOWER, Mode.DEMO), Limits(delay))


@pytest.mark.parametrize("limit", [LONG_WAIT, 3.0])
def test_a_wait_that_is_an_alarm_is_investigated_for_a_while_and_a_shorter_one_is_not(limit: float) -> None:
    found = monitor(limit)
    assert found.hear_moment(moment(100.0, ("a", 5, limit), ("b", 6, 0.0))) == []
    assert not found.investigates(100.0)
    (alarm,) = found.hear_moment(moment(101.0, ("a", 5, limit + 0.1), ("b", 6, 0.0)))
    assert alarm.kind == "delay"
    assert found.investigates(101.0) and found.investigates(101.0, "a") and not found.investigates(101.0, "b")
    assert found.investigates(101.0 + INVESTIGATION_SECONDS - 0.1, "a")
    assert not found.investigates(101.0 + INVESTIGATION_SECONDS, "a") and not found.investigates(200.0)


class Dear(Readers):
    """Readers whose looks take a given time of CPU."""

    def __init__(self, seconds: float) -> None:
        super().__init__(root_of(TOWER, Mode.DEMO))
        self.seconds = seconds
        self.looks: list[frozenset[int]] = []

    def culprits(self, cores: frozenset[int]) -> Culprits:
        self.looks.append(cores)
        known = self._looking
        self._looking, self.culprits_known, self.culprit_cost = True, known, self.seconds
        found = (Culprit(2, "task", "thief", 77, 0.5, 0.0),)
        return Culprits(0.0, 2.0, found if known else NOTHING, 1, self.seconds * 1e3)


def test_looks_cost_no_more_than_their_share_however_often_waits_come_and_go() -> None:
    found, readers, seconds = monitor(), Dear(0.030), 600
    told = 0
    for second in range(seconds):
        # Waits in bursts: each investigation ends, and the next one begins.
        sample = moment(1000.0 + second, ("a", 5, 30.0 if second % 40 < 5 else 0.0))
        found.hear_moment(sample)
        told += found.look(readers, sample) is not None
    assert told and set(map(frozenset, readers.looks)) == {frozenset({2})}
    assert len(readers.looks) * readers.seconds <= (seconds + 2 * readers.seconds / CULPRIT_SHARE) * CULPRIT_SHARE


def test_the_samplers_looks_keep_to_the_same_rule() -> None:
    readers = Dear(0.010)
    sampler = Sampler(root_of(TOWER, Mode.DEMO), lambda *_: None, readers=readers)
    pauses = []
    for _ in range(3):
        pauses.append(readers.culprit_pause())
        assert sampler._period(CULPRITS) == readers.culprit_pause()
        readers.culprits(frozenset())
    assert pauses == [CULPRIT_SECONDS, CULPRIT_SECONDS, 0.010 / CULPRIT_SHARE]
    sampler.asked = True
    assert sampler._period(CULPRITS) == readers.culprit_pause(True) == max(CULPRIT_SECONDS, 0.010 / ASKED_SHARE)
    readers._looking = readers.culprits_known = False
    assert readers.culprit_pause() == 2 * 0.010 / CULPRIT_SHARE, "the next investigation's two looks are paid for first"


def names(started: tuple[Started, ...]) -> list[tuple[str, int | None, bool]]:
    return [(s.name, s.pid, s.in_sight) for s in started]


def test_a_guest_that_libvirt_says_has_started_settles_once_and_those_before_do_not() -> None:
    found = monitor()
    found.hear_libvirt(virt(old="running", new="shut off"), 10.0)
    assert found.next_due is None
    for at in (20.0, 21.0, 22.0):
        found.hear_libvirt(virt(old="running", new="running"), at)
    assert found.next_due == 20.0 + SETTLE_SECONDS and found.settled(20.0) == ()
    assert names(found.settled(20.0 + SETTLE_SECONDS)) == [("new", None, True)]
    assert found.settled(1e6) == ()


def test_a_process_that_appears_between_two_samples_was_seen_to_start() -> None:
    found = monitor()
    found.hear_moment(moment(100.0, ("a", 5, 0.0)))
    found.hear_libvirt(virt(b="shut off"), 100.0)
    found.hear_libvirt(virt(b="running"), 101.0)
    assert found.is_new(moment(102.0, ("a", 5, 0.0), ("b", 6, 0.0)))
    found.hear_moment(moment(102.0, ("a", 5, 0.0), ("b", 6, 0.0)))
    assert not found.is_new(moment(103.0, ("b", 6, 0.0)))
    assert names(found.settled(1e6)) == [("a", 5, False), ("b", 6, True)], "libvirt's word and the sample are one start"


def test_after_a_gap_nobody_was_seen_to_start() -> None:
    found = monitor()
    found.hear_moment(moment(100.0))
    found.hear_moment(moment(100.0 + GAP_SECONDS, ("late", 9, 0.0)))
    assert names(found.settled(1e6)) == [("late", 9, False)]


def test_pages_are_judged_once_for_a_process_whoever_names_it() -> None:
    found = Monitor(root_of(machine("thp-missing"), Mode.DEMO), Limits())
    (word,) = found.judge_pages([Started("win10", 0.0)])
    assert word.kind == "pages" and word.text.startswith("win10") and word.at <= time.monotonic()
    assert found.judge_pages([Started("win10", 0.0), Started("nobody", 0.0), Started("gone", 0.0, 999_999)]) == []


def test_the_cpus_of_vcpus_are_those_where_they_ran() -> None:
    sample = moment(1.0, ("a", 5, 0.0), cpu=7)
    assert vcpu_cpus(sample) == {7} and vcpu_cpus(sample._replace(guests=NOTHING)) == frozenset()

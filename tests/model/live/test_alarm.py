"""Alarms: told when something begins, and once."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.live.alarm import CALM, SETTLE, Alarms, Limits
from vfiotui.model.live.sample import CpuMoment, GuestMoment, LiveMoment, Sample, ThreadMoment

NOTHING = Unread("no")


def moment(at: float, *, delay: float = 0.0, busy: float = 0.9, mhz: float = 4000.0, pin: int = 2) -> LiveMoment:
    thread = ThreadMoment("vcpu", 3, 9, frozenset({pin}), 2, busy, delay, 1.0, NOTHING)
    emulator = thread._replace(kind="emulator", delay_ms=500.0)
    guests = (GuestMoment("g", 5, (thread, emulator)),)
    return LiveMoment(at, (CpuMoment(2, mhz, 0.5),), guests, Sample(at, at, NOTHING, NOTHING))


def kinds(alarms: Alarms, moment: LiveMoment, pins: frozenset[int] = frozenset({2})) -> list[str]:
    return [a.kind for a in alarms.check(moment, {("g", 3): pins})]


def test_a_calm_guest_is_not_spoken_of() -> None:
    assert kinds(Alarms(Limits(mhz=3000.0)), moment(1.0)) == []


def test_a_lasting_delay_is_told_once_and_again_after_calm() -> None:
    alarms = Alarms(Limits(delay_ms=10.0))
    assert kinds(alarms, moment(1.0, delay=30.0)) == ["delay"]
    assert kinds(alarms, moment(2.0, delay=30.0)) == []
    assert kinds(alarms, moment(3.0, delay=3.0)) == []
    assert kinds(alarms, moment(4.0 + CALM, delay=30.0)) == ["delay"]


def test_the_sentence_names_guest_vcpu_and_cpu() -> None:
    (alarm,) = Alarms(Limits()).check(moment(1.0, delay=30.0))
    assert alarm.text == "g vCPU 3 waited 30.0 ms in a second for CPU 2"


def test_a_low_frequency_matters_only_while_it_is_busy() -> None:
    assert kinds(Alarms(Limits(mhz=3000.0)), moment(1.0, mhz=2000.0)) == ["frequency"]
    assert kinds(Alarms(Limits(mhz=3000.0)), moment(1.0, mhz=2000.0, busy=0.1)) == []
    assert kinds(Alarms(Limits()), moment(1.0, mhz=2000.0)) == [], "no limit, no alarm"


def test_a_thread_that_may_run_elsewhere_for_a_while_is_told() -> None:
    alarms = Alarms(Limits())
    told = [kinds(alarms, moment(at, pin=5)) for at in (1.0, 2.0, 1.0 + SETTLE, 2.0 + SETTLE)]
    assert told == [[], [], ["drift"], []]
    seldom = Alarms(Limits())
    assert [kinds(seldom, moment(at, pin=5)) for at in (1.0, 11.0)] == [[], ["drift"]], "every ten seconds too"
    off = Alarms(Limits(drift=False))
    assert [kinds(off, moment(at, pin=5)) for at in (1.0, 11.0)] == [[], []]


def test_a_guest_whose_threads_are_being_pinned_has_not_drifted() -> None:
    alarms = Alarms(Limits())
    for at in (1.0, 11.0, 21.0):
        assert kinds(alarms, moment(at, pin=5)) == [], "begins"
        assert kinds(alarms, moment(at + 5.0)) == [], "has settled"

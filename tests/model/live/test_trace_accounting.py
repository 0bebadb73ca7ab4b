"""Who had a CPU, and behind whom a vCPU waited."""

from __future__ import annotations

import pytest

from vfiotui.model.live.interference import Culprit, Wait
from vfiotui.model.live.trace_accounting import TraceAccounting

VCPU, THIEF, CPU = 77, 9, 3


def stolen() -> TraceAccounting:
    """The vCPU runs from 1.0 on, is off from 1.2 to 1.3, with an interrupt from 1.25 to 1.26."""
    blame = TraceAccounting(frozenset({VCPU}))
    blame.switch(CPU, 1.0, 0, False, VCPU, "CPU 0/KVM")
    blame.switch(CPU, 1.2, VCPU, True, THIEF, "kworker/3:1")
    blame.border(CPU, 1.25, "irq", "87 xhci_hcd", True)
    blame.border(CPU, 1.26, "irq", "87", False)
    blame.switch(CPU, 1.3, THIEF, False, VCPU, "CPU 0/KVM")
    return blame


def test_a_wait_names_those_behind_whom_it_was() -> None:
    found, waits, count = stolen().take(2.0, 1.0, frozenset({CPU}))
    assert count == 1
    (wait,) = waits
    assert wait[:3] == (VCPU, CPU, 1.3) and wait.ms == pytest.approx(100)
    assert [b[:3] for b in wait.behind] == [("task", "kworker/3:1", THIEF), ("irq", "87 xhci_hcd", 0)]
    assert [b[3] for b in wait.behind] == pytest.approx([90, 10])
    shares = {c.name: c.share for c in found}
    assert shares == pytest.approx({"CPU 0/KVM": 0.9, "kworker/3:1": 0.09, "87 xhci_hcd": 0.01})
    assert next(c for c in found if c.kind == "irq").per_second == 1.0


def test_what_was_told_is_not_told_again() -> None:
    blame = stolen()
    blame.take(2.0, 1.0, frozenset({CPU}))
    found, waits, count = blame.take(3.0, 1.0, frozenset({CPU}))
    assert (waits, count) == ((), 0)
    assert found == (Culprit(CPU, "task", "CPU 0/KVM", VCPU, 1.0, 0.0),), "it still runs"


def test_a_woken_vcpu_waits_for_the_idle_cpu_to_wake() -> None:
    blame = TraceAccounting(frozenset({VCPU}))
    blame.switch(CPU, 1.0, VCPU, False, 0, "swapper/3")
    blame.wakeup(1.5, VCPU, CPU)
    blame.wakeup(1.6, VCPU, CPU)
    blame.switch(CPU, 1.7, 0, False, VCPU, "CPU 0/KVM")
    _, waits, _ = blame.take(2.0, 1.0, frozenset({CPU}))
    assert waits[0].ms == pytest.approx(200) and waits[0].behind[0][:3] == ("task", "swapper/3", 0)


def test_a_gap_forgets_what_is_no_longer_known() -> None:
    blame = TraceAccounting(frozenset({VCPU}))
    blame.switch(CPU, 1.0, VCPU, True, THIEF, "x")
    blame.gap(CPU)
    blame.switch(CPU, 5.0, THIEF, False, VCPU, "CPU 0/KVM")
    found, waits, _ = blame.take(5.0, 4.0, frozenset({CPU}))
    assert waits == () and found == ()


def test_the_end_of_an_interrupt_that_was_not_seen_to_begin_ends_nothing() -> None:
    blame = TraceAccounting(frozenset({VCPU}))
    blame.switch(CPU, 1.0, 0, False, THIEF, "x")
    blame.border(CPU, 1.1, "softirq", "RCU", False)
    found, _, _ = blame.take(2.0, 1.0, frozenset({CPU}))
    assert found == (Culprit(CPU, "task", "x", THIEF, 1.0, 0.0),)


def test_only_the_longest_waits_are_kept() -> None:
    blame = TraceAccounting(frozenset({VCPU}))
    at = 1.0
    for n in range(300):
        blame.switch(CPU, at, VCPU, True, THIEF, "x")
        at += 0.001 * (n % 50 + 1)
        blame.switch(CPU, at, THIEF, False, VCPU, "CPU 0/KVM")
    _, waits, count = blame.take(at, at, frozenset({CPU}))
    assert count == 300 and len(waits) == 20
    assert [round(w.ms) for w in waits] == sorted((round(w.ms) for w in waits), reverse=True)
    assert round(waits[0].ms) == 50
    assert isinstance(waits[0], Wait)

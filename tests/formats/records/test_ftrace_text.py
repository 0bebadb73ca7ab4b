"""The text of trace_pipe: what a kernel wrote is read, and no name passes for an event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.records.ftrace_text import Border, Gap, Switch, Wakeup, read_line, read_trace

# Lines of Linux 6.18 (without irq-info) and of 6.1 (with it).
SWITCH = (
    b"          python-24378   [001]  1482.587960: sched_switch: prev_comm=python prev_pid=24378 prev_prio=120 "
    b"prev_state=R ==> next_comm=kworker/1:1 next_pid=19310 next_prio=120"
)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (SWITCH, Switch(1, 1482.58796, 24378, True, 19310, "kworker/1:1")),
        (SWITCH.replace(b"prev_state=R", b"prev_state=R+"), Switch(1, 1482.58796, 24378, True, 19310, "kworker/1:1")),
        (SWITCH.replace(b"prev_state=R", b"prev_state=S"), Switch(1, 1482.58796, 24378, False, 19310, "kworker/1:1")),
        (SWITCH.replace(b"[001]", b"[001] d..2."), Switch(1, 1482.58796, 24378, True, 19310, "kworker/1:1")),
        (
            b"  <idle>-0  [012] dNh4.   7.000001: sched_wakeup: comm=CPU 0/KVM pid=77 prio=120 target_cpu=003",
            Wakeup(7.000001, 77, 3),
        ),
        (
            b"  python-9  [000] d.h.. 1482.587948: irq_handler_entry: irq=42 name=virtio3-tx",
            Border(0, 1482.587948, "irq", "42 virtio3-tx", True),
        ),
        (
            b"  python-9  [000] dNh.. 1482.587956: irq_handler_exit: irq=42 ret=handled",
            Border(0, 1482.587956, "irq", "42", False),
        ),
        (b"  x-9  [000]  1.000000: softirq_entry: vec=9 [action=RCU]", Border(0, 1.0, "softirq", "RCU", True)),
        (b"  x-9  [000]  1.000000: softirq_exit: vec=9 [action=RCU]", Border(0, 1.0, "softirq", "RCU", False)),
        (b"CPU:1 [LOST 35200 EVENTS]", Gap(1, 35200)),
        (b"# tracer: nop", None),
        (b"  x-9  [000]  1.000000: sched_migrate_task: comm=a pid=1 prio=120 orig_cpu=0 dest_cpu=1", None),
    ],
)
def test_lines_of_real_kernels(line: bytes, event: object) -> None:
    assert read_line(line) == event


NAMES = st.binary(max_size=15).filter(lambda b: b"\0" not in b and b"\n" not in b)


@given(NAMES, NAMES, NAMES)
def test_whatever_tasks_call_themselves_ids_and_names_are_right(task: bytes, left: bytes, comes: bytes) -> None:
    line = (
        task + b"-5  [002]  9.000000: sched_switch: prev_comm=" + left + b" prev_pid=5 prev_prio=120 prev_state=R ==> "
        b"next_comm=" + comes + b" next_pid=6 next_prio=-2"
    )
    assert read_line(line) == Switch(2, 9.0, 5, True, 6, comes.decode("utf-8", "replace"))


@given(st.binary(max_size=15))
def test_a_name_alone_is_no_event(name: bytes) -> None:
    data = b"x-5  [002]  9.000000: sched_wakeup: comm=" + name + b" pid=5 prio=1 target_cpu=001\n"
    events = list(read_trace(data))
    if b"\n" in name:
        assert all(isinstance(e, Gap) for e in events), "a broken line is none, and makes none"
    else:
        assert events == [Wakeup(9.0, 5, 1)]


@given(st.binary(max_size=400))
def test_nothing_raises(data: bytes) -> None:
    list(read_trace(data))

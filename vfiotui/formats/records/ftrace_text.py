"""The text of trace_pipe (trace/ftrace.rst), for the few events that tell who had a CPU.

A task may call itself anything, a newline and the look of an event included: at most 15 bytes. Every pattern here needs
more than that around a name, so no name passes for an event; what a name breaks is counted as unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

EVENT = re.compile(
    rb"\[(\d{3,5})\]\s+(?:\S{1,8}\s+)?(\d{1,12}\.\d{6}): "
    rb"(sched_switch|sched_wakeup|irq_handler_entry|irq_handler_exit|softirq_entry|softirq_exit): (.*)$",
    re.DOTALL,
)
SWITCH = re.compile(
    rb"prev_comm=.{0,16} prev_pid=(\d{1,8}) prev_prio=-?\d{1,4} prev_state=(\S{1,8}) ==> "
    rb"next_comm=(.{0,16}) next_pid=(\d{1,8}) next_prio=-?\d{1,4}$",
    re.DOTALL,
)
WAKEUP = re.compile(rb"comm=.{0,16} pid=(\d{1,8}) prio=-?\d{1,4}(?: success=1)? target_cpu=(\d{1,5})$", re.DOTALL)
IRQ = re.compile(rb"irq=(\d{1,6})(?: name=(.{1,64}))?")
SOFTIRQ = re.compile(rb"vec=(\d{1,3}) \[action=(\w{1,20})\]")
LOST = re.compile(rb"CPU:(\d{1,5}) \[LOST (\d{1,12}) EVENTS\]")


class Switch(NamedTuple):
    """A CPU goes from one task to another."""

    cpu: int
    at: float
    left: int
    ready: bool
    """Whether the task that left would have run on."""
    comes: int
    name: str


class Wakeup(NamedTuple):
    """A task is ready to run from now on."""

    at: float
    tid: int
    cpu: int


class Border(NamedTuple):
    """An interrupt or softirq begins, or ends."""

    cpu: int
    at: float
    kind: str
    """irq, softirq."""
    name: str
    begins: bool


class Gap(NamedTuple):
    """The kernel's buffer was too small: what happened on the CPU is not known."""

    cpu: int
    lost: int


Event = Switch | Wakeup | Border | Gap


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def read_line(line: bytes) -> Event | None:
    """One line without its newline; None where it is none of these events."""
    found = EVENT.search(line)
    if found is None:
        gap = LOST.search(line)
        return Gap(int(gap[1]), int(gap[2])) if gap else None
    cpu, at, kind, rest = int(found[1]), float(found[2]), found[3], found[4]
    if kind == b"sched_switch":
        told = SWITCH.match(rest)
        if told:
            return Switch(cpu, at, int(told[1]), told[2].startswith(b"R"), int(told[4]), _text(told[3]))
    elif kind == b"sched_wakeup":
        told = WAKEUP.match(rest)
        if told:
            return Wakeup(at, int(told[1]), int(told[2]))
    elif kind.startswith(b"irq"):
        told = IRQ.match(rest)
        if told:
            return Border(cpu, at, "irq", _text(b" ".join(filter(None, told.groups()))), kind.endswith(b"entry"))
    else:
        told = SOFTIRQ.match(rest)
        if told:
            return Border(cpu, at, "softirq", _text(told[2]), kind.endswith(b"entry"))
    return None


def read_trace(data: bytes) -> Iterator[Event]:
    """All events of whole lines, in their order."""
    for line in data.split(b"\n"):
        event = read_line(line) if line else None
        if event is not None:
            yield event

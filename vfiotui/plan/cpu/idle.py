"""CPUs that carry vCPUs stay out of idle states from which waking takes long."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import set_value
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

FOLDER = "/sys/devices/system/cpu"
MOST = 10
"""CPUIDLE_STATE_MAX of the kernel."""


def _parts(argument: str) -> tuple[tuple[int, ...], int]:
    """CPUS=MICROSECONDS."""
    spans, _, limit = argument.partition("=")
    cpus = parse_list(spans)
    if isinstance(cpus, Unread) or not cpus or not re.fullmatch(r"[0-9]{1,7}", limit):
        raise PlanError(f"{argument!r} is no CPUS=MICROSECONDS, such as 2-3,6-7=200")
    return tuple(sorted(cpus)), int(limit)


def reads(argument: str) -> tuple[str, ...]:
    """The switches of all states of these CPUs."""
    cpus, _ = _parts(argument)
    return tuple(f"{FOLDER}/cpu{cpu}/cpuidle/state{n}/disable" for cpu in cpus for n in range(MOST))


def shallow(draft: Draft, argument: str) -> None:
    """States that take longer than so many µs to wake are switched off, until the next boot."""
    cpus, limit = _parts(argument)
    power = draft.facts.power
    states = power if isinstance(power, Unread) else power.idle
    if isinstance(states, Unread):
        raise PlanError(f"the idle states cannot be read: {states}")
    deep = [s for s in states if not isinstance(s.latency_us, Unread) and s.latency_us > limit]
    for state in deep:
        for cpu in cpus:
            path = f"{FOLDER}/cpu{cpu}/cpuidle/state{state.index}/disable"
            before = draft.snapshot.content(path)
            if isinstance(before, Unread):
                raise PlanError(f"{path} cannot be read: {before.reason}")
            if before.strip() == b"0":
                why = f"CPU {cpu} does not sleep so deep that waking takes {state.latency_us} µs, now"
                draft.add(set_value(path, before, b"1", why, risk=Risk.R1), Phase.RUNTIME)
    if deep:
        draft.note("this lasts until the next boot; the CPUs use more power while they are idle")


PLANNERS = (
    Planner(
        "power.idle",
        "CPUS=MICROSECONDS",
        "switch idle states that take longer to wake off until the next boot",
        "Quick waking of CPUs {}",
        shallow,
        reads,
    ),
)

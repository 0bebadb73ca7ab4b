"""Units of systemd: one that does not start any more, and the CPUs that guests may have."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, run_command
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

UNIT = r"[A-Za-z0-9][\w.@-]*"
SLICE = "machine.slice"


def off(draft: Draft, unit: str) -> None:
    """The unit stops, and starts at no boot; the undo starts it again."""
    if not re.fullmatch(UNIT, unit, re.ASCII):
        raise PlanError(f"{unit!r} is no name of a unit")
    draft.add(
        run_command(
            ("systemctl", "disable", "--now", unit),
            f"stop {unit}, and start it at no boot",
            back=("systemctl", "enable", "--now", unit),
            risk=Risk.R2,
            effect=Effect.NOW,
        ),
        Phase.HOST_FILE,
    )


def slice_cpus(draft: Draft, argument: str) -> None:
    """Guests may have all CPUs until the next boot."""
    if argument != "all":
        raise PlanError(f"{argument!r} is no set of CPUs for {SLICE}: only 'all' is planned")
    isolation = draft.facts.isolation
    allowed = isolation if isinstance(isolation, Unread) else isolation.machine_cpus
    if isinstance(allowed, Unread):
        raise PlanError(f"what {SLICE} allows cannot be read: {allowed}")
    if not allowed:
        return
    words = ("systemctl", "set-property", "--runtime", SLICE)
    draft.add(
        run_command(
            (*words, "AllowedCPUs="),
            f"let guests have all CPUs, until the next boot ({SLICE} has CPUs {format_list(allowed)})",
            back=(*words, f"AllowedCPUs={format_list(allowed)}"),
            risk=Risk.R1,
            effect=Effect.NOW,
        ),
        Phase.RUNTIME,
    )
    draft.note(f"what narrowed {SLICE} does so again: look for AllowedCPUs= in its drop-ins, and in hooks")


PLANNERS = (
    Planner("service.off", "UNIT", "stop a service, and start it at no boot", "Switch {} off", off),
    Planner("slice.cpus", "all", "let guests have all CPUs until the next boot", "All CPUs for guests", slice_cpus),
)

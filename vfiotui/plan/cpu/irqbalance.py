"""irqbalance keeps interrupts off some CPUs: its banned list, in the file that its service reads."""

from __future__ import annotations

import re

from vfiotui.formats.shell.assignments import Computed, parse, value_of
from vfiotui.formats.shell.values import set_value
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect
from vfiotui.model.cpu.cpuset import format_list, parse_list, parse_mask
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

SETTINGS = ("/etc/default/irqbalance", "/etc/sysconfig/irqbalance", "/etc/irqbalance.env")
UNITS = tuple(f"{folder}/systemd/system/irqbalance.service" for folder in ("/etc", "/usr/lib", "/lib"))
WRITES = tuple(re.escape(path) for path in SETTINGS)
LIST, MASK = "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_BANNED_CPUS"
"""irqbalance(1): where the list is set the mask is passed over."""


def _file(draft: Draft) -> str:
    """The file of settings that is there, else the one that the service names, else Debian's."""
    for path in SETTINGS:
        if draft.text(path) is not None:
            return path
    for unit in UNITS:
        content = draft.snapshot.content(unit)
        lines = [] if isinstance(content, Unread) else content.decode("utf-8", "replace").split("\n")
        named = [line.partition("=")[2].strip().lstrip("-") for line in lines if line.startswith("EnvironmentFile=")]
        for path in SETTINGS:
            if path in named:
                return path
    return SETTINGS[0]


def ban(draft: Draft, argument: str) -> None:
    """The CPUs join those that are banned already."""
    wanted = parse_list(argument)
    if isinstance(wanted, Unread) or not wanted:
        raise PlanError(f"{argument!r} names no CPU: a list such as 2-3,6-7 does")
    path = _file(draft)
    text = draft.text(path) or ""
    assigned = parse(text)
    for name, read in ((LIST, parse_list), (MASK, parse_mask)):
        value = value_of(assigned, name)
        if isinstance(value, Computed):
            raise PlanError(f"line {value.line} of {path} lets the shell compute {name}: edit it by hand")
        found = read(value) if value else frozenset[int]()
        if isinstance(found, Unread):
            raise PlanError(f"{name} of {path} is no set of CPUs ({found.reason}): correct it by hand")
        wanted |= found
    after = set_value(text, LIST, format_list(wanted))
    why = f"irqbalance keeps interrupts off CPUs {format_list(wanted)}"
    if draft.write(path, after, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT):
        draft.note("irqbalance reads its settings at its start: 'systemctl restart irqbalance' before the next boot")


PLANNERS = (
    Planner("irqbalance.ban", "CPUS", "keep irqbalance off these CPUs", "Keep irqbalance off CPUs {}",
            ban, lambda _: (*SETTINGS, *UNITS)),
)  # fmt: skip

"""A plan from a file, judged anew: its paths as they are, its risk as it is, and what no planner of ours plans."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import BadPlan, Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.own_steps import strange

WITH_PATHS = frozenset({"disk_image", "file", "link", "look", "value", "pages", "nudge"})
LEAST = {
    "file": Risk.R2, "link": Risk.R1, "domain": Risk.R2, "command": Risk.R1, "value": Risk.R1, "pages": Risk.R1,
    "nudge": Risk.R1, "release": Risk.R1,
    "autostart": Risk.R1, "device": Risk.R1, "driver": Risk.R1, "pins": Risk.R1,
    "look": Risk.R0, "image": Risk.R0, "path": Risk.R0, "disk_image": Risk.R1,
}  # fmt: skip
"""What a kind of step can do at least; a kind that is not known can do anything."""
BUILDERS = frozenset(
    (
        "update-initramfs",
        "mkinitcpio",
        "dracut",
        "kernel-install",
        "/usr/lib/booster/regenerate_images",
        "reinstall-kernels",
        "limine-mkinitcpio",
    )
)
QUIET = frozenset({"sync", "modprobe"})
CHOICE = "/etc/vfiotui/"
"""Files that only this program reads."""
SETTINGS = ("/etc/", "/boot/", "/efi/", "/usr/lib/", "/lib/", "/sys/", "/proc/")
"""Where the files of planners may lie, links followed."""
HIGH = Risk.R3


@dataclass(frozen=True, slots=True)
class Judged:
    """The plan with its true paths and risks, and the sentences that a person must read before it is applied."""

    plan: Plan
    strange: tuple[str, ...] = ()
    """What its steps do that no planner of this program plans."""
    raised: tuple[str, ...] = ()
    """Risks that the file said lower than they are."""
    leads: tuple[str, ...] = ()
    """Paths that lead elsewhere than they say."""


def least_risk(step: Change) -> Risk:
    """The risk of a step of a planner's by what it does, whatever is written about it."""
    if step.kind == "command" and step.argv:
        quiet = step.argv[0] in QUIET or "--runtime" in step.argv
        return HIGH if step.argv[0] in BUILDERS else Risk.R1 if quiet else Risk.R2
    if step.kind == "file" and step.subject.startswith(CHOICE) and step.subject.endswith(".json"):
        return Risk.R0
    return LEAST.get(step.kind, HIGH)


def judged(plan: Plan, real: Callable[[str], str] = lambda path: path) -> Judged:
    """The plan as it is; `real` follows the links of a path inside the root. BadPlan for a path that is none."""
    steps, odd, raised, leads = [], [], [], []
    for number, given in enumerate(plan.steps, 1):
        step, place = given, "/etc/"
        if step.kind in WITH_PATHS:
            if not step.subject.startswith("/") or "\0" in step.subject:
                raise BadPlan(f"the subject of step {number} is no absolute path")
            path = posixpath.normpath(f"/{step.subject.lstrip('/')}")
            step = replace(step, subject=path)
            if path != given.subject:
                leads.append(f"step {number}: {given.subject} is {path}")
            place = real(path) if step.kind != "link" else path
            if place != path:
                leads.append(f"step {number}: {path} is a link, or lies behind one, and leads to {place}")
        why = strange(step) or ("" if place.startswith(SETTINGS) or step.kind == "disk_image" else f"leads to {place}")
        least = HIGH if why else least_risk(step)
        if why:
            odd.append(f"step {number} {why}")
        if step.risk < least:
            raised.append(f"step {number}: the file says {step.risk.words}, it is {least.words}")
            step = replace(step, risk=least)
        steps.append(step)
    return Judged(replace(plan, steps=tuple(steps)), tuple(odd), tuple(raised), tuple(leads))

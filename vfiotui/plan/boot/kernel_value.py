"""A value of the running kernel, until its next boot."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import set_value
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

PLACES = ("/sys/", "/proc/sys/", "/proc/irq/")


def _split(argument: str) -> tuple[str, str]:
    path, equals, value = argument.partition("=")
    if not equals or not path.startswith(PLACES) or ".." in path.split("/"):
        raise PlanError(f"{argument!r} is no PATH=VALUE with a path below {', '.join(PLACES)}")
    return path, value


def reads(argument: str) -> tuple[str, ...]:
    """The attribute itself."""
    return (_split(argument)[0],)


def draw(draft: Draft, argument: str) -> None:
    """One write, unless the value is there already."""
    path, value = _split(argument)
    before = draft.snapshot.content(path)
    if isinstance(before, Unread):
        raise PlanError(f"{path} cannot be read: {before.reason}")
    if before.decode("utf-8", "replace").strip() != value:
        draft.add(set_value(path, before, value.encode(), f"set {path} to {value}", risk=Risk.R1), Phase.RUNTIME)


PLANNERS = (
    Planner("value.set", "PATH=VALUE", "set a sysfs or procfs value until the next boot", "Set {}", draw, reads),
)

"""The catalogue of planners: a goal by name, turned into steps of one plan."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.refused import EditRefused
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.boot import command_line, initramfs, kernel_value, sysctl, trial
from vfiotui.plan.boot import fallback as escape
from vfiotui.plan.draft import Draft, PlanError, Planner
from vfiotui.plan.isolate import isolate, modprobe, runtime_driver
from vfiotui.plan.memory import boot as memory_boot
from vfiotui.plan.memory import hook as memory_hook
from vfiotui.plan.memory import overcommit as memory_overcommit
from vfiotui.plan.memory import pool as memory_pool
from vfiotui.plan.memory import thp
from vfiotui.plan.pin import goals as pin_goals
from vfiotui.plan.pin import hook as pin_hook

PLANNERS: dict[str, Planner] = {
    p.name: p
    for p in (
        *command_line.PLANNERS,
        *escape.PLANNERS,
        *initramfs.PLANNERS,
        *isolate.PLANNERS,
        *kernel_value.PLANNERS,
        *memory_boot.PLANNERS,
        *memory_hook.PLANNERS,
        *memory_overcommit.PLANNERS,
        *memory_pool.PLANNERS,
        *modprobe.PLANNERS,
        *pin_hook.PLANNERS,
        *pin_goals.PLANNERS,
        *runtime_driver.PLANNERS,
        *sysctl.PLANNERS,
        *thp.PLANNERS,
        *trial.PLANNERS,
    )
}


def catalogue() -> list[tuple[str, str, str]]:
    """Name, argument and promise of every goal that can be planned."""
    return [(p.name, p.argument, p.promise) for p in sorted(PLANNERS.values(), key=lambda p: p.name)]


def can_plan(goals: Iterable[Goal]) -> bool:
    """Whether there is a planner for every one of these goals, and at least one goal."""
    names = [name for name, _ in goals]
    return bool(names) and all(name in PLANNERS for name in names)


def reads(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The files that a survey for these goals must look at beside the usual ones."""
    return tuple(path for name, argument in goals if name in PLANNERS for path in PLANNERS[name].reads(argument))


def guests(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The guests whose definitions a survey for these goals must hold."""
    about = (argument for name, argument in goals if name in PLANNERS and PLANNERS[name].argument == "GUEST")
    return tuple(dict.fromkeys(about))


def make_plan(facts: Facts, snapshot: ConfigSnapshot, goals: Iterable[Goal]) -> Plan:
    """One plan for all goals; PlanError says why there is none. A goal that is fulfilled already adds no step."""
    wanted = tuple(goals)
    draft = Draft(facts, snapshot)
    titles = []
    for name, argument in wanted:
        planner = PLANNERS.get(name)
        if planner is None:
            raise PlanError(f"there is no goal {name!r}: 'vfiotui plan --list' names them")
        try:
            planner.draw(draft, argument)
        except EditRefused as refusal:
            where = f"line {refusal.line_number}, {refusal.line_text.strip()!r}: " if refusal.line_number else ""
            raise PlanError(f"{where}{refusal.sentence}") from refusal
        except ValueError as error:
            raise PlanError(f"{name} cannot take {argument!r}: {error}") from error
        titles.append(planner.title.format(argument))
    return draft.plan("; ".join(dict.fromkeys(titles)), wanted)

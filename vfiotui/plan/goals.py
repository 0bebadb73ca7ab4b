"""The catalogue of planners: a wish by name, turned into steps of one plan."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.refused import Refused
from vfiotui.model.change.config_snapshot import Ground
from vfiotui.model.change.plan import Plan, Wish
from vfiotui.model.facts import Facts
from vfiotui.plan.boot import command_line, initramfs, kernel_value, sysctl, trial
from vfiotui.plan.boot import fallback as escape
from vfiotui.plan.draft import CannotPlan, Draft, Planner
from vfiotui.plan.isolate import isolate, modprobe, runtime_driver
from vfiotui.plan.memory import boot as memory_boot
from vfiotui.plan.memory import hook as memory_hook
from vfiotui.plan.memory import overcommit as memory_overcommit
from vfiotui.plan.memory import pool as memory_pool
from vfiotui.plan.memory import thp
from vfiotui.plan.pin import goals as pin_wishes
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
        *pin_wishes.PLANNERS,
        *runtime_driver.PLANNERS,
        *sysctl.PLANNERS,
        *thp.PLANNERS,
        *trial.PLANNERS,
    )
}


def catalogue() -> list[tuple[str, str, str]]:
    """Name, argument and promise of every wish that can be planned."""
    return [(p.name, p.argument, p.promise) for p in sorted(PLANNERS.values(), key=lambda p: p.name)]


def can_plan(wishes: Iterable[Wish]) -> bool:
    """Whether there is a planner for every one of these wishes, and at least one wish."""
    names = [name for name, _ in wishes]
    return bool(names) and all(name in PLANNERS for name in names)


def reads(wishes: Iterable[Wish]) -> tuple[str, ...]:
    """The files that a survey for these wishes must look at beside the usual ones."""
    return tuple(path for name, argument in wishes if name in PLANNERS for path in PLANNERS[name].reads(argument))


def guests(wishes: Iterable[Wish]) -> tuple[str, ...]:
    """The guests whose definitions a survey for these wishes must hold."""
    about = (argument for name, argument in wishes if name in PLANNERS and PLANNERS[name].argument == "GUEST")
    return tuple(dict.fromkeys(about))


def make_plan(facts: Facts, ground: Ground, wishes: Iterable[Wish]) -> Plan:
    """One plan for all wishes; CannotPlan says why there is none. A wish that is fulfilled already adds no step."""
    wanted = tuple(wishes)
    draft = Draft(facts, ground)
    titles = []
    for name, argument in wanted:
        planner = PLANNERS.get(name)
        if planner is None:
            raise CannotPlan(f"there is no wish {name!r}: 'vfiotui plan --list' names them")
        try:
            planner.draw(draft, argument)
        except Refused as refusal:
            where = f"line {refusal.line_number}, {refusal.line_text.strip()!r}: " if refusal.line_number else ""
            raise CannotPlan(f"{where}{refusal.sentence}") from refusal
        except ValueError as error:
            raise CannotPlan(f"{name} cannot take {argument!r}: {error}") from error
        titles.append(planner.title.format(argument))
    return draft.plan("; ".join(dict.fromkeys(titles)), wanted)

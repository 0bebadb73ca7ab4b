"""The catalogue of planners: a goal by name, turned into steps of one plan."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

from vfiotui.formats.refused import EditRefused
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.boot.command_line import settle_words
from vfiotui.plan.boot.pins import check_pins
from vfiotui.plan.draft import Draft, PlanError, Planner

TOPICS = ("boot", "cpu", "guest", "guest_new", "isolate", "memory", "pin", "qemu")
"""The folders of this package whose modules may hold planners."""


def declared(name: str) -> Iterator[Any]:
    """What the tuples of this name in the modules of the topics hold: PLANNERS, and the WRITES of `own_steps`."""
    for topic in TOPICS:
        for file in sorted(os.listdir(f"{os.path.dirname(__file__)}/{topic}")):
            module, _, ending = file.rpartition(".")
            if ending == "py" and module != "__init__":
                yield from getattr(importlib.import_module(f"vfiotui.plan.{topic}.{module}"), name, ())


PLANNERS: dict[str, Planner] = {p.name: p for p in declared("PLANNERS")}
"""Goal → its planner: every module of a topic that has PLANNERS adds its own."""


def catalogue() -> list[tuple[str, str, str]]:
    """Name, argument and promise of every goal that can be planned."""
    return [(p.name, p.argument, p.promise) for p in sorted(PLANNERS.values(), key=lambda p: p.name)]


def can_plan(goals: Iterable[Goal]) -> bool:
    """Whether there is a planner for every one of these goals, and at least one goal."""
    names = [name for name, _ in goals]
    return bool(names) and all(name in PLANNERS for name in names)


def planner_of(name: str) -> Planner:
    """The planner of a goal; PlanError where there is none."""
    planner = PLANNERS.get(name)
    if planner is None:
        raise PlanError(f"there is no goal {name!r}: 'vfiotui plan --list' names them")
    return planner


def reads(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The files that a snapshot for these goals must hold beside the usual ones; PlanError for an unknown goal."""
    return tuple(path for name, argument in goals for path in planner_of(name).reads(argument))


def places(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The paths that these goals name for guests, each once; PlanError for an unknown goal."""
    return tuple(dict.fromkeys(path for name, argument in goals for path in planner_of(name).places(argument)))


def guests(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The guests whose definitions a snapshot for these goals must hold; PlanError for an unknown goal."""
    about = (planner_of(name).guest(argument) for name, argument in goals)
    return tuple(dict.fromkeys(guest for guest in about if guest is not None))


def disks(goals: Iterable[Goal]) -> tuple[str, ...]:
    """The paths that a snapshot for these goals must know as disks of guests; PlanError for an unknown goal."""
    return tuple(dict.fromkeys(path for name, argument in goals for path in planner_of(name).disks(argument)))


def make_plan(facts: Facts, snapshot: ConfigSnapshot, goals: Iterable[Goal]) -> Plan:
    """One plan for all goals; PlanError says why there is none. A goal that is fulfilled already adds no step."""
    wanted = tuple(goals)
    draft = Draft(facts, snapshot)
    titles = []
    for name, argument in wanted:
        planner = planner_of(name)
        try:
            planner.draw(draft, argument)
        except EditRefused as refusal:
            where = f"line {refusal.line_number}, {refusal.line_text.strip()!r}: " if refusal.line_number else ""
            raise PlanError(f"{where}{refusal.sentence}") from refusal
        except ValueError as error:
            raise PlanError(f"{name} cannot take {argument!r}: {error}") from error
        titles.append(planner.named(argument))
    settle_words(draft)
    check_pins(draft)
    return draft.plan("; ".join(dict.fromkeys(titles)), wanted)

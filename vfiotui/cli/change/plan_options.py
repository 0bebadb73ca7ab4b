"""How the commands that plan name what is wanted: goals, or a file that holds a plan."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import plan_inputs
from vfiotui.cli.out import print_json
from vfiotui.host.root.root import Root
from vfiotui.host.root.user_file import CannotRead, read_file
from vfiotui.model.change.plan import BadPlan, Goal, Plan, from_json
from vfiotui.plan.judged import Judged, judged

LIMIT = 64 << 20


def add_goals(parser: argparse.ArgumentParser) -> None:
    """GOAL… or a plan's file."""
    parser.add_argument(
        "goal",
        nargs="*",
        metavar="GOAL",
        help="a plan's file (- for standard input), or NAME=ARGUMENT goals such as cmdline.add=iommu=pt; "
        "'vfiotui plan --list' names them",
    )


def read_plan(file: str) -> Plan:
    """The plan in a file; errors are sentences."""
    try:
        return from_json(read_file(file, LIMIT, stdin=True).decode("utf-8"))
    except BadPlan as error:
        raise CommandError(f"{file}: {error}", Exit.USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is no text: a plan is JSON", Exit.USAGE) from error
    except CannotRead as error:
        raise CommandError(str(error), Exit.NO_ACCESS) from error


def _real(root: Root) -> Callable[[str], str]:
    """How a path of a plan is followed inside the root, where there is a disk."""
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.target import Target

    try:
        target = Target(root)
    except ApplyError:
        return lambda path: path

    def real(path: str) -> str:
        try:
            return target.real_place(path).path
        except ApplyError:
            return path

    return real


def wanted(args: argparse.Namespace, root: Root) -> Judged:
    """The plan that the words of a command name; one from a file is judged by what its steps do.

    Raises CommandError where the words name no plan.
    """
    words: list[str] = args.goal
    if not words:
        raise CommandError("name a plan's file or goals: 'vfiotui plan --list' shows them", Exit.USAGE)
    if len(words) == 1 and (words[0] == "-" or os.path.exists(words[0]) or words[0].endswith(".json")):
        try:
            return judged(read_plan(words[0]), _real(root))
        except BadPlan as error:
            raise CommandError(f"{words[0]}: {error}", Exit.USAGE) from error
    goals = []
    for word in words:
        name, equals, argument = word.partition("=")
        if not equals:
            raise CommandError(f"{word!r} is neither a file nor a goal NAME=ARGUMENT", Exit.USAGE)
        goals.append((name, argument))
    return Judged(planned(args, root, goals))


def planned(args: argparse.Namespace, root: Root, goals: Iterable[Goal]) -> Plan:
    """The plan that reaches the goals; CommandError says why there is none."""
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.service import NoSystem, plan_goals

    try:
        return plan_goals(plan_inputs(args, root), goals)
    except NoSystem as error:
        raise CommandError(str(error), Exit.NO_ACCESS) from error
    except PlanError as error:
        if args.json:
            print_json({"change": "", "state": "refused", "why": str(error)})
        raise CommandError(str(error), Exit.CHANGE_FAILED) from error

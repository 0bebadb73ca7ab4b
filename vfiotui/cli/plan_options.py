"""How the commands that plan name what is wanted: goals, or a file that holds a plan."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.host.root.root import Root
from vfiotui.host.root.user_file import CannotRead, read_file
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import BadPlan, Plan, from_json
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


def wanted_plan(args: argparse.Namespace, root: Root) -> Plan:
    """The plan that the words of a command name; CommandError where they name none."""
    return wanted(args, root).plan


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
    """The same, judged by what its steps do: a file is not believed."""
    words: list[str] = args.goal
    if not words:
        raise CommandError("name a plan's file or goals: 'vfiotui plan --list' shows them", Exit.USAGE)
    if len(words) == 1 and (words[0] == "-" or os.path.exists(words[0]) or words[0].endswith(".json")):
        try:
            return judged(read_plan(words[0]), _real(root))
        except BadPlan as error:
            raise CommandError(f"{words[0]}: {error}", Exit.USAGE) from error
    from vfiotui.cli.machine import look_at_guests
    from vfiotui.host.boot.config_snapshot import read_config_snapshot
    from vfiotui.host.boot.mounts import why_no_system
    from vfiotui.host.gather import gather
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.goals import guests, make_plan, reads

    wrong = why_no_system(root)
    if wrong:
        raise CommandError(wrong, Exit.NO_ACCESS)
    goals = []
    for word in words:
        name, equals, argument = word.partition("=")
        if not equals:
            raise CommandError(f"{word!r} is neither a file nor a goal NAME=ARGUMENT", Exit.USAGE)
        goals.append((name, argument))
    try:
        named = guests(goals)
        snapshot = read_config_snapshot(root, reads(goals))
        if not named:
            from vfiotui.host.boot.image import read_next
            from vfiotui.plan.isolate.predicted import foretold

            about_devices = any(name.startswith(("driver.", "isolate.")) for name, _ in goals)
            facts = gather(root, look_at_guests(args, root) if about_devices else None)
            plan = make_plan(facts, snapshot, goals)
            return Judged(foretold(plan, facts, snapshot, read_next(root)) if plan.waits_for_boot else plan)
        from vfiotui.apply.pin_guest import survey_guests

        virt = look_at_guests(args, root)
        uri = "" if isinstance(virt, Unread) or not (root.is_live or args.connect) else virt.uri
        return Judged(make_plan(gather(root, virt), survey_guests(snapshot, root, uri, named), goals))
    except PlanError as error:
        raise CommandError(str(error), Exit.CHANGE_FAILED) from error

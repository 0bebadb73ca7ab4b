"""`vfiotui plan GOAL…|FILE`: what would be changed, and nothing is. As text with diffs, JSON, or a POSIX shell script.

JSON is the plan itself: `vfiotui apply` takes it, after it was read and edited, on this host or under sudo.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from vfiotui.cli.change.plan_options import add_goals, wanted
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import printable, table
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.plan.judged import Judged


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is wanted, and in which form."""
    add_goals(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--diff", action="store_true", help="print the differences only")
    form.add_argument("--script", action="store_true", help="print a POSIX shell script that does the same")
    form.add_argument("--list", action="store_true", help="name the goals that can be planned")


def run(args: argparse.Namespace) -> Exit:
    """Prints the plan."""
    if args.list:
        from vfiotui.plan.goals import catalogue

        print("\n".join(table((f"{name}={argument}", sentence) for name, argument, sentence in catalogue())))
        return Exit.FINE
    found = wanted(args, open_root(args))
    if args.script and not args.json:
        from vfiotui.apply.errors import ApplyError
        from vfiotui.apply.scripts.shell_script import shell_script

        try:
            print("\n".join(shell_script(found.plan)))
        except ApplyError as error:
            raise CommandError(str(error), Exit.USAGE) from error
        return Exit.FINE
    if args.diff and not args.json:
        print("\n".join(as_diff(found.plan)))
        return Exit.FINE
    return show(args, found)


def show(args: argparse.Namespace, found: Judged, remarks: Sequence[str] = ()) -> Exit:
    """Prints a plan as JSON, or as text with the lines of `remarks` below."""
    if args.json:
        sys.stdout.write(to_json(found.plan))
    else:
        print("\n".join([*as_text(found.plan, found), *remarks]))
    return Exit.FINE


def as_text(plan: Plan, found: Judged | None = None) -> list[str]:
    """The plan for a person, every step with its difference; what was `found` about a plan from a file comes first."""
    from vfiotui.apply.steps import preview

    if not plan.steps and not plan.left:
        return [
            printable(plan.title),
            "nothing to do: everything is already as requested",
            *map(printable, plan.notes),
        ]
    lines = [printable(f"{plan.title}  (risk {plan.risk.words})"), *(warnings(found) if found else ())]
    lines += [] if plan.steps else ["no step of this program can do more"]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", printable(f"{number}. {step.why}  (risk {step.risk.word}, takes effect {step.effect.words})")]
        lines += [f"   {printable(line)}" for line in preview(step)]
    for head, texts in (
        ("next boot", plan.next_boot),
        ("left to do by hand", tuple(step.why for step in plan.left)),
        ("also", plan.notes),
        ("if the screen stays black", plan.escape),
    ):
        if texts:
            lines += ["", f"{head}:", *(f"   {printable(t)}" for t in texts)]
    return lines


def warnings(found: Judged) -> list[str]:
    """What a person must know of a plan that was read from a file, in lines."""
    lines = []
    for head, texts in (
        ("risk High: not made by this program's planners", found.strange),
        ("the risk is higher than the file says", found.raised),
        ("paths lead elsewhere", found.leads),
    ):
        lines += ["", f"{head}:", *(f"   {printable(t)}" for t in texts)] if texts else []
    return lines


def as_diff(plan: Plan) -> list[str]:
    """The differences of all steps."""
    from vfiotui.apply.steps import preview

    return [printable(line) for step in plan.steps for line in preview(step)]

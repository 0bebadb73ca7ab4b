"""`vfiotui undo NUMBER`: takes a change back to the last byte; without a number the newest one in force.

JSON: {"change": folder's name, "state", "why"}; with --preview {"change", "steps": [{"subject", "back": [lines]}]}.
"""

from __future__ import annotations

import argparse
import sys

from vfiotui.cli.change.apply import ended, guard_again, refused, tell
from vfiotui.cli.change.consent import add_consent, agreed, ask
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, print_json, printable
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import ChangeRecord, State


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which change, and how to be asked."""
    parser.add_argument("number", nargs="?", metavar="NUMBER", help="the change's number (the newest one in force)")
    parser.add_argument("--preview", action="store_true", help="show what would be put back, and do nothing")
    parser.add_argument("--force", action="store_true", help="overwrite also what was changed since")
    add_consent(parser)


def newest(root: Root) -> str:
    """The number of the newest change that is in force, wholly or in part."""
    found = needed(changes.read(root), "the journal cannot be read")
    for record in found:
        if record.state not in (State.UNDONE, State.ROLLED_BACK, State.DAMAGED):
            return str(record.number)
    raise CommandError("no change is in force: there is nothing to undo", Exit.FAILS)


def run(args: argparse.Namespace) -> Exit:
    """Shows what is put back, asks, undoes."""
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.programs.change_programs import programs_back
    from vfiotui.apply.target import Target
    from vfiotui.apply.undo.preview import undo_preview
    from vfiotui.apply.undo.undo import undo

    root = open_root(args)
    wanted = newest(root) if args.number is None else args.number
    try:
        target = Target(root)
        if args.preview or not args.yes:
            record, steps = undo_preview(target, wanted)
            if args.preview:
                return _show(args, record, steps)
            print(printable(f"change {record.name}: {record.title}"), file=sys.stderr)
            for subject, lines in steps:
                print("\n".join(printable(line) for line in (subject, *lines)), file=sys.stderr)
            ask("undo it", "y")
        target = agreed(target, args, programs_back(target, wanted))
        outcome = undo(target, wanted, tell, force=args.force, wait=args.wait)
        guard_again(target)
    except ApplyError as error:
        raise refused(args, str(error)) from error
    return ended(args, outcome)


def _show(args: argparse.Namespace, record: ChangeRecord, steps: list[tuple[str, list[str]]]) -> Exit:
    if args.json:
        print_json({"change": record.name, "steps": [{"subject": s, "back": lines} for s, lines in steps]})
    else:
        for subject, lines in steps:
            print("\n".join(printable(line) for line in (subject, *lines)))
    return Exit.FINE

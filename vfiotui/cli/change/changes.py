"""`vfiotui changes [NUMBER]`: the journal, newest first, or one change with its steps and its log.

JSON: {"changes": [{"number", "name", "state", "title", "at", "steps", "begun", "host", "why", "left", "folder"}]}, or
one of them with "plan" and "log".
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import print_json, printable, table
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.journal import JOURNAL, ChangeRecord, State, unread_words
from vfiotui.model.change.plan import Plan, to_json

LOG_LIMIT = 4 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """NUMBER, or none for the list."""
    parser.add_argument("number", nargs="?", type=int, metavar="NUMBER", help="show one change with its log")


def run(args: argparse.Namespace) -> Exit:
    """Prints the journal or one change."""
    root = open_root(args)
    found = changes.read(root)
    if isinstance(found, Unread):
        raise CommandError(unread_words(found, root.option), Exit.NO_ACCESS)
    if args.number is not None:
        record = next((r for r in found if r.number == args.number), None)
        if record is None:
            raise CommandError(f"there is no change {args.number} in {JOURNAL}", Exit.FAILS)
        return _one(args, root, record)
    if args.json:
        print_json({"changes": [as_json(r) for r in found]})
    elif not found:
        print(f"No change has been made to this machine: {JOURNAL} is empty or not there.")
    else:
        rows = [(f"{r.number:04d}", r.progress.at, printable(r.words), printable(r.title)) for r in found]
        print("\n".join(table(rows)))
    return Exit.FINE


def as_json(record: ChangeRecord) -> dict[str, Any]:
    """One row of the list."""
    return {
        "number": record.number,
        "name": record.name,
        "state": str(record.state),
        "title": record.title,
        "at": record.progress.at,
        "steps": len(record.plan.steps) if isinstance(record.plan, Plan) else None,
        "begun": list(record.progress.begun),
        "host": record.progress.host,
        "why": record.progress.word,
        "left": list(record.progress.left),
        "folder": record.path,
    }


def _one(args: argparse.Namespace, root: Root, record: ChangeRecord) -> Exit:
    log = or_else(root.text(f"{record.path}/log", LOG_LIMIT), "")
    if args.json:
        plan = json.loads(to_json(record.plan)) if isinstance(record.plan, Plan) else None
        print_json({**as_json(record), "plan": plan, "log": log})
        return Exit.FINE
    from vfiotui.apply.errors import ApplyError
    from vfiotui.cli.change.plan import as_text

    print(printable(f"change {record.name}, {record.progress.at}: {record.words}"))
    if record.progress.word:
        print(printable(record.progress.word))
    if isinstance(record.plan, Plan):
        try:
            print("\n".join(as_text(record.plan)))
        except ApplyError as error:
            print(printable(f"its steps cannot be shown: {error}"))
    else:
        print(printable(f"its plan cannot be read: {record.plan}"))
    if log:
        print("\nlog:\n" + "\n".join(printable(line) for line in log.split("\n")))
    if record.state in (State.UNDONE, State.ROLLED_BACK):
        print("\nnothing of it is in force")
    elif record.state is State.DAMAGED:
        print(f"\nwhat is in force of it is not known; what was there before lies in {record.path}/before")
    else:
        print(f"\nundone by 'vfiotui undo {record.number}', or by 'sh {record.path}/undo.sh' on a rescue system")
    return Exit.FINE

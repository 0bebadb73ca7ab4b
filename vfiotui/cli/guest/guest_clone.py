"""`vfiotui guest clone-xml GUEST NEWNAME`: a second guest of the same kind, printed or defined.

JSON without --define: {"vfiotui": version, "guest": NEWNAME, "of": GUEST, "xml", "notes": [sentences]}; with it the
answer of apply, with --dry-run the plan.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui import __version__
from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.out import print_json, printable, write_text
from vfiotui.model.base.reading import Unread

VERB = "clone-xml"


def arguments(verbs: Any) -> None:
    """The words of the verb."""
    one = verbs.add_parser(VERB, help="its definition with another name, UUID, MAC addresses and firmware variables")
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("new", metavar="NEWNAME")
    one.add_argument(
        "--disk",
        action="append",
        default=[],
        metavar="TARGET=PATH",
        help="the clone's own file or block device for a disk; a disk without one is left out",
    )
    one.add_argument("--share-disks", action="store_true", help="the clone has the same disks where none is named")
    one.add_argument("--define", action="store_true", help="define it, as a change with undo, and do not print it")
    one.add_argument("--dry-run", action="store_true", help="with --define: show the plan, change nothing")
    add_consent(one)


def run(args: argparse.Namespace) -> Exit:
    """Prints the clone's definition, or defines it."""
    from vfiotui.cli.change.apply import carry_out, tell
    from vfiotui.cli.change.plan import show
    from vfiotui.cli.machine import open_root, plan_inputs
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.guest.clone import Disks
    from vfiotui.plan.judged import Judged
    from vfiotui.plan.service import plan_clone

    paths: dict[str, str] = {}
    for word in args.disk:
        target, equals, path = word.partition("=")
        if not equals or not target or target in paths:
            raise CommandError(f"--disk {printable(word)}: TARGET=PATH is wanted, once for a target", Exit.USAGE)
        paths[target] = path
    root = open_root(args)
    inputs = plan_inputs(args, root)
    virt = inputs.virt
    others = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    try:
        plan = plan_clone(inputs, args.guest, args.new, Disks(paths, args.share_disks), others)
    except PlanError as error:
        raise CommandError(printable(str(error)), Exit.CHANGE_FAILED) from error
    if args.define:
        return show(args, Judged(plan)) if args.dry_run else carry_out(args, root, lambda: Judged(plan))
    xml = (plan.steps[0].after or b"").decode("utf-8", "replace")
    if args.json:
        print_json({"vfiotui": __version__, "guest": args.new, "of": args.guest, "xml": xml, "notes": list(plan.notes)})
    else:
        write_text(xml)
        for note in plan.notes:
            tell(f"also: {note}")
    return Exit.FINE

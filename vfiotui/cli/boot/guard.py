"""`vfiotui guard [on|off|check]`: hooks that warn before a reboot when an update lost the isolation.

Without a word: whether the guard is on, and what the last check found. JSON: {"on", "hooks": [paths], "damaged":
[paths], "checked", "by", "lost": [{"what", "sentence"}], "unknown": [sentences], "kept", "this_boot"}; `check` prints
the same after a new check. `on` and `off` print the plan, or with --apply what `vfiotui apply` prints.
Exit code 1 where something is lost, or where the guard is damaged.
"""

from __future__ import annotations

import argparse
import time

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import print_json, printable
from vfiotui.host.root.root import Root
from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.boot.guard import Guard, GuardState

ADVICE = (
    "before a reboot: 'vfiotui isolate' shows what the next boot loads; fix it (build the initramfs and the boot menu "
    "again), then 'vfiotui guard check'"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with the guard."""
    parser.add_argument(
        "what", nargs="?", choices=("on", "off", "check"), help="install or remove the hooks; check the next boot now"
    )
    parser.add_argument("--apply", action="store_true", help="with on and off: apply the plan")
    parser.add_argument("--quiet", action="store_true", help="with check: print warnings only")
    parser.add_argument("--by", metavar="NAME", default="vfiotui", help="with check: the tool that asks, for messages")
    add_consent(parser)


def run(args: argparse.Namespace) -> Exit:
    """Plans, checks or tells."""
    if args.what in ("on", "off"):
        from vfiotui.cli.change.apply import reach

        return reach(args, [(f"guard.{args.what}", "yes")])
    if args.apply:
        raise CommandError("--apply belongs to 'vfiotui guard on' and 'vfiotui guard off'", Exit.USAGE)
    root = open_root(args)
    return _check(args, root) if args.what == "check" else _tell(args, root)


def _check(args: argparse.Namespace, root: Root) -> Exit:
    """Resolves the next boot, keeps and prints what was found; tells the journal of a loss on the running system."""
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.guard import check, keep
    from vfiotui.apply.target import Target
    from vfiotui.host.boot.guard import read_guard

    began = time.time()
    try:
        target = Target(root)
        state = check(root, args.by)
        keep(target, state, began)
    except ApplyError as error:
        raise CommandError(str(error), Exit.CHANGE_FAILED) from error
    if state.lost and root.is_live:
        from vfiotui.cli.boot.system_log import warn

        warn("vfiotui-guard", (headline(state), *(one.sentence for one in state.lost), ADVICE))
    if args.quiet:
        for line in warning(state) if state.lost else ():
            print(printable(line))
    else:
        _print(args, read_guard(root))
    return Exit.FAILS if state.lost else Exit.FINE


def headline(state: GuardState) -> str:
    """One sentence of a check that found a loss."""
    cause = "" if state.by == "vfiotui" else f" (found after {state.by})"
    return f"the next boot loses {counted(len(state.lost), 'thing')} that guests or changes of vfiotui need{cause}"


def warning(state: GuardState) -> list[str]:
    """What a package operation shows of it."""
    return [f"vfiotui: warning: {headline(state)}:", *(f"  {one.sentence}" for one in state.lost), f"  {ADVICE}"]


def _tell(args: argparse.Namespace, root: Root) -> Exit:
    from vfiotui.host.boot.guard import read_guard

    return _print(args, read_guard(root))


def _print(args: argparse.Namespace, guard: Guard) -> Exit:
    state = guard.state
    known = state if isinstance(state, GuardState) else None
    damaged = or_else(guard.damaged, ())
    broken = guard.is_on and (bool(damaged) or guard.starts is False)
    if args.json:
        print_json(
            {
                "on": guard.is_on,
                "hooks": list(guard.interfaces) if guard.is_on else [],
                "damaged": list(damaged),
                "starts": None if isinstance(guard.starts, Unread) else guard.starts,
                "checked": known.at if known else None,
                "by": known.by if known else None,
                "lost": [{"what": one.what, "sentence": one.sentence} for one in known.lost] if known else [],
                "unknown": list(known.unknown) if known else [],
                "kept": known.kept if known else 0,
                "this_boot": guard.this_boot,
            }
        )
    else:
        for line in (*_guard_lines(guard), *_state_lines(guard)):
            print(printable(line))
    return Exit.FAILS if guard.warning is not None or broken else Exit.FINE


def _guard_lines(guard: Guard) -> list[str]:
    if isinstance(guard.runner, Unread):
        if guard.runner.why is not Why.ABSENT:
            return [f"whether the guard is on is not known: {guard.runner}"]
        return ["the guard is off: 'vfiotui guard on' plans hooks that look at the next boot after each update"]
    lines = ["the guard is on; hooks:", *(f"  {path}" for path in guard.interfaces)]
    damaged = or_else(guard.damaged, ())
    lines += [f"{path} is missing or not as vfiotui writes it" for path in damaged]
    lines += ["the hooks say nothing: what they start is gone"] * (guard.starts is False)
    if damaged or guard.starts is False:
        lines.append("'vfiotui guard on' plans them anew")
    return lines


def _state_lines(guard: Guard) -> list[str]:
    state = guard.state
    if isinstance(state, Unread):
        absent = state.why is Why.ABSENT
        return ["the next boot was never checked" if absent else f"the last check cannot be read: {state}"]
    cause = "" if state.by == "vfiotui" else f", after {state.by}"
    head = f"checked {state.at}{cause}{'' if guard.this_boot else ', before the running boot'}: "
    lines = [f"not known: {sentence}" for sentence in state.unknown]
    if state.lost:
        return [f"{head}{headline(state)}:", *(f"  {one.sentence}" for one in state.lost), *lines, ADVICE]
    fine = f"the next boot keeps all that is wanted of it ({counted(state.kept, 'device or word')})"
    return [head + (fine if state.kept else "nothing is wanted of the next boot"), *lines]

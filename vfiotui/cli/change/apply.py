"""`vfiotui apply PLAN|GOAL…`: makes a change as one journaled transaction; --resume ends an interrupted one.

JSON: {"change": folder's name, "state", "why", "left": [sentences], "notes": [sentences]}; where nothing was
begun, "change" is "" and "state" "refused".
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from vfiotui.cli.change.consent import add_consent, agreed, ask
from vfiotui.cli.change.plan_options import add_goals, planned, wanted
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import print_json, printable
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import RESTING, State, state_words
from vfiotui.model.change.plan import Goal
from vfiotui.plan.judged import Judged

if TYPE_CHECKING:
    from vfiotui.apply.target import Target


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to apply and how to be asked."""
    add_goals(parser)
    parser.add_argument(
        "--way-back",
        metavar="FILE",
        help="write the way back on one page into a new file first: take it off the machine",
    )
    parser.add_argument("--resume", metavar="NUMBER", help="finish the interrupted change with this number")
    add_consent(parser)


def run(args: argparse.Namespace) -> Exit:
    """Applies a plan, or ends an interrupted change."""
    root = open_root(args)
    if not args.resume:
        return carry_out(args, root, lambda: wanted(args, root))
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.programs.change_programs import programs_on
    from vfiotui.apply.target import Target
    from vfiotui.apply.undo.undo import resume

    stop = _Stop()
    try:
        target = Target(root)
        target = agreed(target, args, programs_on(target, args.resume))
        outcome = resume(target, args.resume, tell, wait=args.wait, stopped=stop.asked)
        guard_again(target)
        return ended(args, outcome)
    except ApplyError as error:
        raise refused(args, str(error)) from error


def carry_out(args: argparse.Namespace, root: Root, make: Callable[[], Judged], remarks: Sequence[str] = ()) -> Exit:
    """Has the plan made, shows it with the lines of `remarks`, asks, and applies it.

    No plan is made where the root cannot be changed at all.
    """
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.programs.consent import programs_of
    from vfiotui.apply.run import apply
    from vfiotui.apply.run_steps import Outcome
    from vfiotui.apply.scripts.way_back import RISKY, folder_of, page
    from vfiotui.apply.target import Target
    from vfiotui.apply.user_files import save_new
    from vfiotui.cli.change.plan import as_text, warnings

    stop = _Stop()
    try:
        target = Target(root)
        found = make()
        plan = found.plan
        if not plan.steps and plan.left:
            left = tuple(step.why for step in plan.left)
            return ended(args, Outcome("", State.OUTSTANDING, f"nothing was applied: {'; '.join(left)}", left))
        if not plan.steps:
            return ended(args, Outcome("", State.DONE, "everything is already as requested"))
        paper = page(plan, folder_of(target, plan)) if plan.risk >= RISKY else ()
        if not args.yes:
            paper = ("", *paper) if paper else ()
            print("\n".join([*as_text(plan, found), *remarks, *map(printable, paper)]), file=sys.stderr)
        if getattr(args, "way_back", None):
            text = "\n".join((*page(plan, folder_of(target, plan)), ""))
            tell(f"the way back is written into {save_new(args.way_back, text, 0o600)}: take it off this machine")
        for line in warnings(found) if args.yes else ():
            tell(line)
        target = agreed(target, args, programs_of(target, plan))
        if not args.yes:
            ask(f"apply these {len(plan.steps)} steps", "apply" if plan.risk >= "R3" else "y")
        outcome = apply(target, plan, tell, wait=args.wait, stopped=stop.asked)
        guard_again(target)
        return ended(args, outcome, plan.notes if outcome.state in (State.DONE, State.OUTSTANDING) else ())
    except ApplyError as error:
        raise refused(args, str(error)) from error


def reach(args: argparse.Namespace, goals: Iterable[Goal]) -> Exit:
    """Applies the plan for the goals where --apply is given, else shows it."""
    from vfiotui.cli.change.plan import show

    root = open_root(args)

    def make() -> Judged:
        return Judged(planned(args, root, goals))

    return carry_out(args, root, make) if args.apply else show(args, make())


def guard_again(target: Target) -> None:
    """After a change of ours the guard's last check holds no more: where one is kept, the next boot is checked anew."""
    from vfiotui.apply.guard import check_again

    state = check_again(target)
    for one in state.lost if state is not None else ():
        tell(f"the next boot: {one.sentence}")


def refused(args: argparse.Namespace, sentence: str) -> CommandError:
    """The error for what was not begun; who reads JSON has the sentence too."""
    if args.json:
        print_json({"change": "", "state": "refused", "why": sentence})
    return CommandError(sentence, Exit.CHANGE_FAILED)


def tell(sentence: str) -> None:
    """Says it to whoever listens; a terminal that was lost must not stop the change."""
    with contextlib.suppress(OSError):
        print(printable(sentence), file=sys.stderr, flush=True)


def ended(args: argparse.Namespace, outcome: object, notes: Sequence[str] = ()) -> Exit:
    """Says how a change ended, with what its plan says beside the steps; its exit code."""
    from vfiotui.apply.run_steps import Outcome

    assert isinstance(outcome, Outcome)
    if args.json:
        why = "; ".join(filter(None, (outcome.word, *outcome.left)))
        state, left = str(outcome.state), list(outcome.left)
        print_json({"change": outcome.name, "state": state, "why": why, "left": left, "notes": list(notes)})
    elif not outcome.name:
        print(outcome.word)
    else:
        why = f": {outcome.word}" if outcome.word else ""
        print(printable(f"change {outcome.name} is {state_words(outcome.state, outcome.left)}{why}"))
        for note in notes:
            print(printable(f"also: {note}"))
        if outcome.left:
            print(f"then 'vfiotui apply --resume {outcome.name.partition('-')[0]}' looks whether it is true")
    if outcome.state is State.OUTSTANDING:
        return Exit.FAILS
    return Exit.FINE if outcome.state in RESTING - {State.ROLLED_BACK} else Exit.CHANGE_FAILED


class _Stop:
    """Interruptions are heard between two steps; a lost terminal is none."""

    def __init__(self) -> None:
        self._heard = False
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._heard = True
        tell("stops after this step, and undoes what was done …")

    def asked(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._heard

"""Applies a plan as one transaction: after a kill at any instant it can be resumed or taken back."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.apply.errors import ApplyError, CommandFailed, Conflict, os_sentence
from vfiotui.apply.lock import locked
from vfiotui.apply.preflight import preflight
from vfiotui.apply.record.journal import Journal, clear_unborn, create, discard, settle
from vfiotui.apply.run_steps import Outcome, Tell, must_be_ours, run_step, works, write_undo_script
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.command import KIND as COMMAND
from vfiotui.apply.steps.step import StepContext
from vfiotui.apply.target import Target
from vfiotui.apply.undo.left import still_left
from vfiotui.apply.undo.roll_back import roll_back
from vfiotui.host import changes
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan

Stopped = Callable[[], bool]
"""Asked between two steps: true undoes what was done."""


def never() -> bool:
    """Nobody stops it."""
    return False


def apply(target: Target, plan: Plan, tell: Tell, *, wait: bool = False, stopped: Stopped = never) -> Outcome:
    """Makes all changes of the plan, or none; ApplyError where it could not even begin."""
    if not plan.steps:
        return Outcome("", State.DONE)
    with locked(target, wait):
        clear_unborn(target)
        _nothing_unfinished(target)
        for sentence in preflight(target, plan):
            tell(sentence)
        journal = _begun(create(target, plan), plan)
        return forward(journal, plan, tell, stopped)


def _begun(journal: Journal, plan: Plan) -> Journal:
    """The journal with everything in it that the way back needs; nothing of the machine is changed yet."""
    try:
        steps = works(journal, plan)
        for work in steps:
            kind_of(work.change.kind).prepare(work)
        kept = journal.keep.close()
        write_undo_script(journal, plan, steps)
        journal.begin("apply", kept=kept)
        return settle(journal)
    except OSError as error:
        discard(journal)
        raise ApplyError(os_sentence(error, "what the way back needs cannot be kept, nothing was changed")) from error
    except ApplyError:
        discard(journal)
        raise


def _nothing_unfinished(target: Target) -> None:
    for record in or_else(changes.read(target.root), ()):
        if record.state in (State.INTERRUPTED, State.STUCK):
            raise ApplyError(
                f"change {record.name} is {record.state}: 'vfiotui undo {record.number}' takes it back, "
                f"'vfiotui apply --resume {record.number}' ends it; then apply this one"
            )


def _take(journal: Journal, work: StepContext) -> None:
    """Takes a step; one that finds its subject changed at the last instant has done nothing, and is not begun."""
    try:
        run_step(work)
    except Conflict:
        journal.write("back", step=work.step)
        raise


def forward(journal: Journal, plan: Plan, tell: Tell, stopped: Stopped) -> Outcome:
    """Does what is not done yet; a step that fails takes all before it back."""
    steps = works(journal, plan)
    come = journal.come()
    finished = come.finished
    subject = "the journal"
    try:
        for work in steps:
            if work.step in finished:
                continue
            if stopped():
                raise ApplyError("stopped by hand")
            subject = work.change.subject
            tell(f"step {work.step} of {len(steps)}: {work.change.why}")
            must_be_ours(work, work.step in come.begun, steps[: work.step - 1])
            journal.write("begin", step=work.step)
            _take(journal, work)
            if work.change.kind == "command":
                write_undo_script(journal, plan, steps)
            journal.write("end", step=work.step)
            if work.change.kind == "command":
                COMMAND.release(work)
        said = "; ".join(word for work in steps if (word := work.keep.noted(work.step).get("said")))
        left = still_left(journal, plan)
        journal.write("done", **({"why": said} if said else {}), **({"left": list(left)} if left else {}))
    except (ApplyError, OSError) as error:
        why = str(error) if isinstance(error, ApplyError) else os_sentence(error, f"{subject} cannot be changed")
        return roll_back(journal, plan, why, tell, work if isinstance(error, CommandFailed) else None)
    return Outcome(journal.name, State.OUTSTANDING if left else State.DONE, said, left)

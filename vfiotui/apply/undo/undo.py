"""Takes a change back, or ends one that was interrupted."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError, Busy, Conflict, os_sentence
from vfiotui.apply.lock import locked
from vfiotui.apply.programs.consent import must_be_agreed
from vfiotui.apply.programs.process import end_left_behind
from vfiotui.apply.record.backup import REPLACED
from vfiotui.apply.record.journal import Journal, clear_unborn, find
from vfiotui.apply.record.whole import must_be_whole
from vfiotui.apply.run import Stopped, forward, never
from vfiotui.apply.run_steps import Outcome, Tell, must_be_ours, works, write_undo_script
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.by_hand import trusted
from vfiotui.apply.undo.left import settle_left
from vfiotui.apply.undo.roll_back import begun, foreign, standing, take_back, unrecorded
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.mount_checks import must_reach
from vfiotui.host import changes
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.journal import IN_FORCE, State
from vfiotui.model.change.plan import Plan


def _opened(target: Target, wanted: str) -> tuple[Journal, Plan]:
    clear_unborn(target)
    journal = find(target, wanted)
    plan = trusted(journal)
    _must_rest(journal)
    must_reach(target, plan)
    return journal, plan


def _must_rest(journal: Journal) -> None:
    """Busy where another system on the same disk may be at work at the change."""
    come = journal.come()
    if changes.works_elsewhere(journal.target.root, journal.path, come):
        raise Busy(
            f"another system, {come.host or 'whose name is not known'}, or an earlier start of this one was at work at "
            f"change {journal.name} less than {changes.LEASE:g} s ago: wait that long, then try again"
        )


def undo(target: Target, wanted: str, tell: Tell, *, force: bool = False, wait: bool = False) -> Outcome:
    """Takes a change back to the last byte; `force` also where somebody changed a subject since."""
    with locked(target, wait):
        journal, plan = _opened(target, wanted)
        return _undo(journal, plan, tell, force)


def _undo(journal: Journal, plan: Plan, tell: Tell, force: bool) -> Outcome:
    come = journal.come()
    if come.state in (State.UNDONE, State.ROLLED_BACK):
        raise ApplyError(f"change {journal.name} is {come.state} already: nothing of it is in force")
    end_left_behind(come.command)
    try:
        must_be_whole(journal, begun(journal, plan))
        blocked = [] if force else foreign(journal, plan)
        if blocked:
            subjects = ", ".join(dict.fromkeys(w.change.subject for w in blocked))
            raise Conflict(
                f"{subjects} changed since change {journal.name}{_later(journal, blocked)}: nothing was done; "
                "look at the difference, then give --force to overwrite it"
            )
        unknown = [] if force else unrecorded(journal, plan)
        if unknown:
            subjects = ", ".join(dict.fromkeys(w.change.subject for w in unknown))
            raise Conflict(
                f"{subjects} is as change {journal.name} would leave it, and its journal does not say that the change "
                "began that: nothing was done; give --force to undo it too"
            )
        stale = (w for w in begun(journal, plan) if standing(w, plan) is SubjectState.STALE)
        must_be_agreed(journal.target, dict.fromkeys(w.change.argv[0] for w in stale))
        journal.begin("undo")
        how = take_back(journal, plan, tell, force)
        journal.write("undone", **({"why": how} if how else {}))
    except OSError as error:
        raise ApplyError(os_sentence(error, f"change {journal.name} is not fully undone")) from error
    replaced = any(name.startswith(REPLACED) for name in disk.names(journal.folder))
    kept = f"what was overwritten is kept as {journal.folder}/{REPLACED}…" if replaced else ""
    return Outcome(journal.name, State.UNDONE, "; ".join(filter(None, (how, kept))))


def _later(journal: Journal, blocked: list[StepContext]) -> str:
    """The later changes of our own that touch the same subjects, as a half sentence."""
    subjects = {w.change.subject for w in blocked}
    later = [
        str(record.number)
        for record in reversed(or_else(changes.read(journal.target.root), ()))
        if record.number > journal.number
        and record.state in IN_FORCE
        and isinstance(record.plan, Plan)
        and subjects & {s.subject for s in record.plan.steps}
    ]
    return f" (change {' and '.join(later)} did; undo the newest first)" if later else ""


def resume(target: Target, wanted: str, tell: Tell, *, wait: bool = False, stopped: Stopped = never) -> Outcome:
    """Ends what was interrupted: an apply goes on, an undo too."""
    with locked(target, wait):
        journal, plan = _opened(target, wanted)
        come = journal.come()
        if come.state is State.UNDOING:
            return _undo(journal, plan, tell, force=False)
        if come.state is State.OUTSTANDING:
            return settle_left(journal, plan)
        if come.state not in (State.APPLYING, State.STUCK):
            raise ApplyError(f"change {journal.name} is {come.state}: there is nothing to resume")
        end_left_behind(come.command)
        try:
            steps = works(journal, plan)
            for work in steps:
                if work.step not in come.finished:
                    must_be_ours(work, work.step in come.begun, steps[: work.step - 1])
            for work in steps:
                if work.change.kind == "command" and work.step not in come.finished:
                    work.keep.forget_done(work.step)
            journal.begin("apply")
            write_undo_script(journal, plan, steps)
        except Conflict as error:
            raise Conflict(f"change {journal.name} is not resumed, nothing was done: {error}") from error
        except OSError as error:
            raise ApplyError(os_sentence(error, f"change {journal.name} cannot be resumed")) from error
        return forward(journal, plan, tell, stopped)

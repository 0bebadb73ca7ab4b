"""The way back: the begun steps of a change, the last one first."""

from __future__ import annotations

from vfiotui.apply.journal import Journal
from vfiotui.apply.kinds import kind_of
from vfiotui.apply.kinds.kind import Standing, Work
from vfiotui.apply.process import end_left_behind, run
from vfiotui.apply.steps import Outcome, Tell, works
from vfiotui.apply.trouble import Conflict, Trouble, os_sentence
from vfiotui.model.journal import State
from vfiotui.model.plan import Plan


def foreign(journal: Journal, plan: Plan) -> list[Work]:
    """The begun steps whose subjects somebody changed since."""
    steps = works(journal, plan)
    begun = (steps[n - 1] for n in journal.come().begun)
    return [w for w in begun if kind_of(w.change.kind).standing(w) is Standing.FOREIGN]


def take_back(journal: Journal, plan: Plan, tell: Tell, force: bool) -> None:
    """Takes every begun step back; Conflict at a subject that somebody changed, unless forced.

    A command that must run again does so when everything else is as before; until then it counts as begun, so that a
    way back that was cut short runs it too.
    """
    steps = works(journal, plan)
    again: list[Work] = []
    for step in reversed(journal.come().begun):
        work = steps[step - 1]
        kind = kind_of(work.change.kind)
        kind.tidy(work)
        standing = kind.standing(work)
        if standing is Standing.FOREIGN and not force:
            raise Conflict(f"{work.change.subject} was changed by somebody meanwhile: it is left alone")
        if standing is not Standing.BEFORE:
            tell(f"takes back step {step}: {work.change.subject}")
            kind.undo(work)
        if work.change.again:
            again.append(work)
        else:
            journal.write("back", step=step)
    for work in reversed(again):
        tell(f"runs once more: {work.change.subject}")
        run(work.site, work.change.argv, work.log, work.started)
        journal.write("back", step=work.step)


def roll_back(journal: Journal, plan: Plan, why: str, tell: Tell) -> Outcome:
    """Takes everything back after a failure; what cannot be taken back leaves the change stuck."""
    tell(f"failed: {why}")
    try:
        end_left_behind(journal.come().command)
        take_back(journal, plan, tell, force=False)
        journal.write("rolled back", why=why)
    except (Trouble, OSError) as error:
        sentence = str(error) if isinstance(error, Trouble) else os_sentence(error, "the way back fails too")
        word = f"{why}; {sentence}"
        try:
            journal.write("stuck", why=word)
        except OSError:
            # A journal that takes no line tells the same by its silence: the change counts as interrupted.
            return Outcome(journal.name, State.INTERRUPTED, word)
        return Outcome(journal.name, State.STUCK, word)
    return Outcome(journal.name, State.ROLLED_BACK, why)

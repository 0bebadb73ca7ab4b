"""The way back: the begun steps of a change, the last one first."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from vfiotui.apply.journal import Journal
from vfiotui.apply.kinds import kind_of
from vfiotui.apply.kinds.kind import Standing, Work
from vfiotui.apply.process import end_left_behind, run
from vfiotui.apply.steps import Outcome, Tell, works
from vfiotui.apply.trouble import Conflict, Damage, Trouble, os_sentence
from vfiotui.apply.whole import must_be_whole
from vfiotui.model.journal import State
from vfiotui.model.plan import Plan

LASTING = frozenset({"file", "link", "command"})
"""Kinds whose work outlasts a boot, and is found again without the journal."""


def begun(journal: Journal, plan: Plan) -> list[Work]:
    """The steps that were begun and not undone, in the order in which they were begun."""
    steps = works(journal, plan)
    return [steps[number - 1] for number in journal.come().begun]


def unrecorded(journal: Journal, plan: Plan) -> list[Work]:
    """Steps that stand as the change leaves them, and that the journal does not call begun: it has lost its end, or
    somebody did the same by hand."""
    known = set(journal.come().begun)
    found = []
    for work in works(journal, plan):
        if work.step not in known and work.change.kind in LASTING:
            with contextlib.suppress(Damage):
                if kind_of(work.change.kind).standing(work) is Standing.AFTER:
                    found.append(work)
    return found


def foreign(journal: Journal, plan: Plan) -> list[Work]:
    """The begun steps whose subjects somebody changed since."""
    return [w for w in begun(journal, plan) if kind_of(w.change.kind).standing(w) is Standing.FOREIGN]


def take_back(journal: Journal, plan: Plan, tell: Tell, force: bool) -> None:
    """Takes every begun step back; Conflict at a subject that somebody changed, unless forced.

    A command that must run again does so when everything else is as before; until then it counts as begun, so that a
    way back that was cut short runs it too.
    """
    steps = begun(journal, plan)
    if force:
        steps = sorted((*steps, *unrecorded(journal, plan)), key=lambda work: work.step)
    must_be_whole(journal, steps)
    again: list[Work] = []
    left: list[str] = []
    for work in reversed(steps):
        try:
            _undo_step(work, tell, force)
        except Conflict as error:
            # All else goes back: a system that is half changed is worse than one subject that somebody looks after.
            left.append(str(error))
            continue
        if work.change.again:
            again.append(work)
        else:
            journal.write("back", step=work.step)
    for work in reversed(again):
        tell(f"runs once more: {work.change.subject}")
        run(work.site, work.change.argv, work.log, work.started)
        journal.write("back", step=work.step)
    if left:
        raise Conflict("; ".join(left))


def _undo_step(work: Work, tell: Tell, force: bool) -> None:
    kind = kind_of(work.change.kind)
    kind.tidy(work)
    standing = kind.standing(work)
    if standing is Standing.FOREIGN and not force:
        raise Conflict(f"{work.change.subject} was changed by somebody meanwhile: it is left alone")
    if standing is not Standing.BEFORE:
        tell(f"takes back step {work.step}: {work.change.subject}")
        kind.undo(replace(work, forced=force))


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

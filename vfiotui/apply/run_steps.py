"""The steps of a change at work."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.record.journal import Journal
from vfiotui.apply.scripts.undo_script import undo_script
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.command import KIND as COMMAND
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan

Tell = Callable[[str], None]
"""Takes a sentence about what happens now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change ended."""

    name: str
    """The folder in the journal, or empty where nothing had to be done."""
    state: State
    word: str = ""
    """Why it failed."""
    left: tuple[str, ...] = ()
    """What a person must still do."""


def works(journal: Journal, plan: Plan) -> list[StepContext]:
    """The steps of a plan, each with its place in the journal."""

    def started(step: int) -> Callable[[int], None]:
        return lambda pid: journal.command(step, pid)

    return [
        StepContext(journal.target, change, step, journal.number, journal.keep, journal.log, started(step))
        for step, change in enumerate(plan.steps, 1)
    ]


def write_undo_script(journal: Journal, plan: Plan, steps: list[StepContext]) -> None:
    """undo.sh knows what is known now."""
    journal.put("undo.sh", undo_script(plan.title, journal.number, steps), 0o700)


def must_be_ours(work: StepContext, begun: bool, earlier: list[StepContext]) -> None:
    """Conflict where the subject of a step that is about to be taken is not as the change knows it; `earlier` are the
    steps before it."""
    kind = kind_of(work.change.kind)
    kind.tidy(work)
    changed = COMMAND.changed(work, earlier) if work.change.kind == "command" and not begun else None
    if changed is None and kind.standing(work) is SubjectState.FOREIGN:
        changed = work.change.subject
    if changed is not None:
        raise Conflict(f"{changed} was changed by something else since the change began: it is left alone")


def run_step(work: StepContext) -> None:
    """Does a step, and believes it when it is read back."""
    kind = kind_of(work.change.kind)
    if kind.standing(work) is not SubjectState.AFTER:
        kind.do(work)
        if kind.standing(work) is not SubjectState.AFTER:
            raise ApplyError(f"{work.change.subject} does not hold what was written into it")

"""What a change leaves to a person: looked for by its effect, and written down when it is true."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.lock import locked
from vfiotui.apply.record.journal import Journal, find
from vfiotui.apply.run_steps import Outcome
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.by_hand import trusted
from vfiotui.model.change.change import Change
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan


def still_left(journal: Journal, plan: Plan, booted: bool = False) -> tuple[str, ...]:
    """What is not true yet, as sentences; where no file shows it, `booted` says that a boot came as predicted."""
    return tuple(check.why for check in plan.left if not _is_true(journal, check, booted))


def _is_true(journal: Journal, check: Change, booted: bool) -> bool:
    if not check.subject:
        return booted
    if check.subject.startswith("/proc/") and not journal.target.is_live:
        # The words of a running kernel are not those of the mounted system's next one.
        return False
    work = StepContext(journal.target, check, 0, journal.number, journal.keep, journal.log)
    try:
        return kind_of(check.kind).standing(work) is SubjectState.AFTER
    except (ApplyError, OSError):
        return False


def look_again(target: Target, wanted: str, booted: bool = False) -> Outcome:
    """Looks anew at what a change leaves to a person; ApplyError where it cannot be looked at or written down."""
    with locked(target, False):
        journal = find(target, wanted)
        return settle_left(journal, trusted(journal), booted)


def settle_left(journal: Journal, plan: Plan, booted: bool = False) -> Outcome:
    """Looks anew, and writes down what is left of it; the change is done where nothing is."""
    come, left = journal.come(), still_left(journal, plan, booted)
    try:
        if left != come.left:
            journal.write("done", why=come.word, **({"left": list(left)} if left else {}))
    except OSError as error:
        raise ApplyError(os_sentence(error, f"what is left of change {journal.name} cannot be written down")) from error
    return Outcome(journal.name, State.OUTSTANDING if left else State.DONE, "" if left else come.word, left)

"""The programs of a mounted system that the undo, or the end, of a change in its journal runs."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.consent import programs_of
from vfiotui.apply.record.journal import find
from vfiotui.apply.steps.step import SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.by_hand import trusted
from vfiotui.apply.undo.roll_back import begun, standing


def programs_on(target: Target, wanted: str) -> tuple[str, ...]:
    """Those of a change that is resumed; none where it cannot be read, which the resume itself says."""
    try:
        return programs_of(target, trusted(find(target, wanted)))
    except (ApplyError, OSError):
        return ()


def programs_back(target: Target, wanted: str) -> tuple[str, ...]:
    """Those of its undo, where putting files back does not suffice; none where it cannot be read."""
    if target.is_live:
        return ()
    found: list[str] = []
    try:
        journal = find(target, wanted)
        plan = trusted(journal)
        for work in begun(journal, plan):
            if work.change.again or standing(work, plan) is SubjectState.STALE:
                found += work.change.argv[:1]
            found += work.change.back[:1]
    except (ApplyError, OSError):
        return ()
    return tuple(dict.fromkeys(found))

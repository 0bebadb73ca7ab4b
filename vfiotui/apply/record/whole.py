"""Whether all that the undo of a change needs is there, as it was kept: asked before anything is touched."""

from __future__ import annotations

from vfiotui.apply.errors import Damage
from vfiotui.apply.record.backup import ABSENT, digest
from vfiotui.apply.record.command_notes import CommandNotes
from vfiotui.apply.record.journal import Journal
from vfiotui.apply.steps.step import StepContext
from vfiotui.apply.undo.by_hand import by_hand
from vfiotui.apply.writes import disk


def _words(journal: Journal, works: list[StepContext]) -> dict[str, str]:
    """The kept names of these steps, each with its digest: from the list, or for a change without one from its
    notes."""
    listed = journal.keep.listed(journal.come().kept)
    numbers = {str(work.step) for work in works}
    unused = {name for work in works if work.change.kind == "command" for name in CommandNotes(work).unused}
    if listed:
        return {
            name: kept.digest
            for name, kept in listed.items()
            if name.partition(".")[0] in numbers and name not in unused
        }
    found = {}
    for work in works:
        noted = work.keep.noted(work.step)
        found[str(work.step)] = noted.get("before", ABSENT)
        found |= {f"{work.step}.{index}": word for index, (_, word) in enumerate(noted.get("kept", []))}
    return {name: word for name, word in found.items() if word != ABSENT}


def must_be_whole(journal: Journal, works: list[StepContext]) -> None:
    """Damage where a kept copy or a note of these steps is missing or is not as it was kept."""
    try:
        lost = [name for name, word in _words(journal, works).items() if digest(journal.keep.path(name)) != word]
        finished = journal.come().finished
        for work in works:
            noted = work.keep.noted(work.step)
            if work.change.kind == "command" and work.step in finished and "after" not in noted:
                raise Damage(f"the note of what {work.change.subject} made is missing in {journal.keep.folder}")
        if lost:
            there = [name for name in lost if disk.kind(journal.keep.path(name))]
            word = "is damaged" if there else "is missing"
            raise Damage(f"what was kept for the undo {word}: {journal.keep.path((there or lost)[0])}")
    except (Damage, OSError) as error:
        reason = str(error) if isinstance(error, Damage) else f"{error.filename}: {(error.strerror or '').lower()}"
        raise Damage(f"change {journal.name} is not undone: {reason}; {by_hand(journal)}") from error

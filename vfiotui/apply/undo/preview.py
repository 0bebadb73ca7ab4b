"""What an undo would do, before it is done."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.record.journal import find
from vfiotui.apply.record.whole import must_be_whole
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.step import SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.by_hand import trusted
from vfiotui.apply.undo.roll_back import begun, standing
from vfiotui.host.changes import read_one
from vfiotui.model.base.value import replace
from vfiotui.model.change.journal import ChangeRecord


def undo_preview(target: Target, wanted: str) -> tuple[ChangeRecord, list[tuple[str, list[str]]]]:
    """The change, and what taking it back does to each subject, the last step first: a sentence or a diff."""
    journal = find(target, wanted)
    record = read_one(target.root, journal.name)
    if record is None:
        raise ApplyError(f"{journal.name} is no change")
    steps = []
    try:
        plan = trusted(journal)
        begun_steps = begun(journal, plan)
        must_be_whole(journal, begun_steps)
        for work in reversed(begun_steps):
            kind, change = kind_of(work.change.kind), work.change
            now = standing(work, plan)
            if now is SubjectState.BEFORE:
                steps.append((change.subject, ["is as before already"]))
            elif now is SubjectState.STALE:
                told = "was made anew since: when all else is as before, it is made again and the result is judged"
                steps.append((change.subject, [told, f"$ {' '.join(change.argv)}"]))
            elif now is SubjectState.FOREIGN:
                steps.append((change.subject, ["was changed by something else since: it is left alone, unless forced"]))
            elif change.kind in ("command", "look", "image", "path"):
                words = ["the files that it wrote are put back"] if change.products else []
                words += [f"$ {' '.join(change.back)}"] if change.back else []
                words += [f"$ {' '.join(change.argv)}, once everything is as before"] if change.again else []
                steps.append((change.subject, words))
            else:
                steps.append(
                    (change.subject, list(kind.preview(replace(change, before=change.after, after=change.before))))
                )
    except OSError as error:
        raise ApplyError(os_sentence(error, f"change {journal.name} cannot be read")) from error
    return record, steps

"""What stands in the way of an undo: subjects that somebody changed since, from three sides."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.record.journal import find
from vfiotui.apply.steps import kind_of
from vfiotui.apply.target import Target
from vfiotui.apply.undo.by_hand import trusted
from vfiotui.apply.undo.roll_back import foreign
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Clash:
    """One subject; the three hold None where it was not, or is not, there."""

    subject: str
    kind: str
    kept: bytes | None
    """Before the change: what an undo would put back."""
    ours: bytes | None
    """What the change made of it."""
    now: bytes | None
    """What another program made of that."""


def clashes(target: Target, wanted: str) -> list[Clash]:
    """The clashes of one change of the journal; none where it can be undone as it is."""
    journal = find(target, wanted)
    try:
        return [
            Clash(w.change.subject, w.change.kind, w.change.before, w.change.after, kind_of(w.change.kind).holds(w))
            for w in foreign(journal, trusted(journal))
        ]
    except OSError as error:
        raise ApplyError(f"change {journal.name}: {os_sentence(error, 'cannot be read')}") from error

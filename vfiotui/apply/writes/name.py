"""What files and links have in common: a name in a folder, kept before it changes and put back from what was kept."""

from __future__ import annotations

import errno
from typing import Protocol

from vfiotui.apply.errors import ApplyError, Conflict, Damage
from vfiotui.apply.record.backup import ABSENT, digest, digest_of
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, put_back_line, quoted
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.apply.writes.room import must_fit
from vfiotui.apply.writes.swap import only_over, remove_only


class NameKind(Kind, Protocol):
    """A kind whose subject is a name in a folder."""

    def read(self, place: Place) -> bytes | None:
        """What is at a name, None where nothing is; ApplyError where it is something else than this kind changes."""

    def _place(self, work: StepContext) -> Place:
        return work.target.place(work.change.subject)

    def standing(self, work: StepContext) -> SubjectState:
        place = self._place(work)
        try:
            now = self.read(place)
        except ApplyError:
            return SubjectState.FOREIGN
        if now is None and is_elsewhere(work, place):
            return SubjectState.FOREIGN
        if now == work.change.after:
            return SubjectState.AFTER
        if now == work.change.before:
            return SubjectState.BEFORE
        return SubjectState.PARTLY if work.keep.is_writing(str(work.step)) else SubjectState.FOREIGN

    def holds(self, work: StepContext) -> bytes | None:
        try:
            return self.read(self._place(work))
        except ApplyError:
            return None

    def tidy(self, work: StepContext) -> None:
        """Nothing half-written is left, and no folder that was made for a name that is not there."""
        place = self._place(work)
        disk.drop(place.beside(work.partial))
        if disk.kind(place) is None:
            disk.drop_empty(made_folders(work))


def keep(work: StepContext, place: Place, there: bool) -> None:
    """Keeps what is at a name, and notes the folders that the change will have to make."""
    if there:
        work.keep.copy(place, str(work.step))
    made = [f.path for f in disk.missing_folders(place)]
    work.keep.note(work.step, place=place.path, before=digest(place), made=made)


def put_back(
    work: StepContext,
    place: Place,
    kept: str,
    before: str,
    folders: tuple[Place, ...] = (),
    *,
    over: frozenset[str] | None = None,
) -> None:
    """The name holds again what `before` is the digest of, with its metadata, and is compared; "absent": it goes away.

    Damage where the kept copy is not that; Conflict where the name holds none of `over`, None means anything: then
    nothing is touched.
    """
    if before == ABSENT and is_elsewhere(work, place):
        raise Conflict(f"a link came into the way of {work.change.subject}, which leads to {place} now: take it away")
    if before == ABSENT:
        if disk.kind(place.above) is not None:
            _remove(work, place, over)
        disk.drop_empty(folders)
    elif before.startswith("link:"):
        disk.put_link(place, before.removeprefix("link:"), work.partial, _way(over))
    else:
        data = work.keep.read(kept)
        if data is None or digest_of(data) != before:
            raise Damage(f"the kept copy {work.keep.path(kept)} is missing or damaged: {place} is left as it is")
        _put(work, place, kept, data, over)
    if digest(place) != before:
        raise ApplyError(
            f"{place} was written, and does not hold what was kept: look into 'dmesg' for faults of the disk"
        )


def _way(over: frozenset[str] | None) -> disk.TakePlace:
    return disk.rename_over if over is None else only_over(over)


def _put(work: StepContext, place: Place, kept: str, data: bytes, over: frozenset[str] | None) -> None:
    """Beside what is there, which it replaces in one step; where there is no room for both, after that is gone."""
    try:
        disk.put_file(place, data, work.keep.meta(kept), work.partial, _way(over))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) or disk.kind(place) != "file":
            raise
        short = must_fit(place, len(data))
        if short is not None:
            raise ApplyError(f"{place} is left as it is: {short}") from error
        # From here on what is there is neither as before nor as after, by our own work.
        work.keep.mark_writing(kept)
        _remove(work, place, over)
        disk.put_file(place, data, work.keep.meta(kept), work.partial, _way(None))
    work.keep.unmark_writing(kept)


def _remove(work: StepContext, place: Place, over: frozenset[str] | None) -> None:
    if over is None:
        disk.remove(place)
    else:
        remove_only(place, work.partial, over)


def undo(work: StepContext, place: Place, after: str) -> None:
    """A file or link is as before; `after` is the digest of what the change left, and nothing else is replaced unless
    the undo is forced."""
    word = before(work)
    over = None if work.forced or work.keep.is_writing(str(work.step)) else frozenset({word, after})
    if work.forced and digest(place) not in (word, after, ABSENT):
        work.keep.copy_replaced(place, str(work.step))
    put_back(work, place, str(work.step), word, made_folders(work), over=over)


def is_elsewhere(work: StepContext, place: Place) -> bool:
    """Whether a place is another one than when the step was prepared: a link came into the way of its folder."""
    return str(work.keep.noted(work.step).get("place", place.path)) != place.path


def before(work: StepContext) -> str:
    """The digest of what was at the name; Damage where it was not noted."""
    noted = work.keep.noted(work.step).get("before")
    if noted is None:
        raise Damage(f"the note of step {work.step} ({work.change.subject}) is missing")
    return str(noted)


def made_folders(work: StepContext) -> tuple[Place, ...]:
    """The folders that were not there before the change, deepest first."""
    return tuple(work.target.place(f) for f in work.keep.noted(work.step).get("made", []))


def undo_lines(work: StepContext, after: str) -> tuple[list[str], list[str]]:
    """What the undo script checks and does; `after` is the digest of what the change leaves, as it is quoted."""
    noted = work.keep.noted(work.step)
    folders = " ".join(quoted(f) for f in noted["made"])
    return (
        [f"check {work.step} {quoted(noted['place'])} {quoted(noted['before'])} {after}"],
        [
            put_back_line(work, str(work.step), noted["place"], noted["before"]),
            *([f"drop_empty {work.step} {folders}"] if folders else []),
        ],
    )

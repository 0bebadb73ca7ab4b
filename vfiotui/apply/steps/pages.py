"""A pool of huge pages grows or shrinks, until the next boot.

The kernel takes any number and gives what it has (Documentation/admin-guide/mm/hugetlbpage.rst): what it gave is read
back, said and kept, unless the step wants all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict, os_sentence
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.apply.steps.value import AttributeKind, plain, read, write
from vfiotui.model.change.change import ALL_OR_NOTHING, Change

TRIES = 5
"""Writes in a row; each one has the kernel compact memory anew where it runs short."""


def count(content: bytes | None, subject: str) -> int:
    """A number of pages; ApplyError where it is none."""
    text = plain(content)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ApplyError(f"{subject} holds no number of pages but {text[:40]!r}")
    return int(text)


class PagesKind(AttributeKind):
    """nr_hugepages of the host or of one node."""

    def preview(self, change: Change) -> Iterator[str]:
        before, after = count(change.before, change.subject), count(change.after, change.subject)
        yield f"{change.subject}: {before} pages become {after}"
        if after > before and ALL_OR_NOTHING in change.wants:
            yield "  fewer than that are given back: all or none"
        elif after > before:
            yield "  the kernel may give fewer: what it gives is kept, and said"
        else:
            yield "  pages that are in use stay until their guest ends"

    def _now(self, work: StepContext) -> int:
        return count(read(self._place(work)), work.change.subject)

    def _ends(self, work: StepContext) -> tuple[int, int]:
        change = work.change
        return count(change.before, change.subject), count(change.after, change.subject)

    def prepare(self, work: StepContext) -> None:
        now, (before, _) = self._now(work), self._ends(work)
        if now != before:
            raise Conflict(
                f"{work.change.subject} holds {now} pages, not {before} as when the plan was made; make the plan again"
            )
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        if work.boot_ended:
            return SubjectState.BEFORE
        now, (before, after) = self._now(work), self._ends(work)
        got = work.keep.noted(work.step).get("got")
        if now == after or (isinstance(got, int) and min(got, after) <= now <= max(got, after)):
            # Pages that were in use at the release go one by one when their guest ends.
            return SubjectState.AFTER
        if now == before:
            return SubjectState.BEFORE
        return (
            SubjectState.PARTLY
            if got is None and min(before, after) < now < max(before, after)
            else SubjectState.FOREIGN
        )

    def _set(self, work: StepContext, wanted: int) -> int:
        """Writes until the pool holds what is wanted or grows no more; returns what it holds."""
        place, held = self._place(work), self._now(work)
        for _ in range(TRIES):
            try:
                write(place, str(wanted))
            except OSError as error:
                raise ApplyError(os_sentence(error, f"the kernel takes no {wanted} pages for {place}")) from error
            now = self._now(work)
            if now in (wanted, held):
                return now
            held = now
        return held

    def holds(self, work: StepContext) -> bytes | None:
        return str(self._now(work)).encode()

    def do(self, work: StepContext) -> None:
        before, after = self._ends(work)
        got = self._set(work, after)
        more, wanted = got - before, after - before
        if got != after and wanted > 0:
            short = f"the kernel gave {max(more, 0)} of {wanted} huge pages in {work.change.subject}"
            if ALL_OR_NOTHING in work.change.wants or more <= 0:
                raise ApplyError(
                    f"{short}: memory is too fragmented or too full; stop what holds it, or ask after a boot"
                )
            work.keep.note_done(work.step, got=got, said=f"{short}; they are kept")
        elif got != after:
            said = f"{got - after} huge pages in {work.change.subject} are in use and go when their guest ends"
            work.keep.note_done(work.step, got=got, said=said)

    def undo(self, work: StepContext) -> None:
        if not work.boot_ended:
            self._set(work, self._ends(work)[0])

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        path = word(change.subject)
        before, after = count(change.before, change.subject), count(change.after, change.subject)
        return [f"value_is {path} {before}"], [f"printf %s {after} >{path}", f"cat {path}"]


KIND = PagesKind()

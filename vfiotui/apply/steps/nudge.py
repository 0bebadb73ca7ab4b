"""The kernel is asked to do something once, now: a file that is written and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.place import Place
from vfiotui.apply.shell_words import word
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.apply.steps.value import plain, write
from vfiotui.model.change.change import Change


class NudgeKind:
    """Compaction, dropped caches: there is no value before, so there is none to put back."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject}: {plain(change.after)!r} is written; nothing is kept there, and there is no way back"

    def _place(self, work: StepContext) -> Place:
        if not work.target.is_live:
            raise ApplyError(f"{work.change.subject} belongs to a running kernel: a mounted system has none")
        return work.target.real_place(work.change.subject)

    def prepare(self, work: StepContext) -> None:
        self._place(work)
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        noted = work.keep.noted(work.step)
        done = noted.get("done") is True and noted.get("boot") == work.target.boot
        return SubjectState.AFTER if done else SubjectState.BEFORE

    def holds(self, work: StepContext) -> bytes | None:
        return None

    def do(self, work: StepContext) -> None:
        try:
            write(self._place(work), plain(work.change.after))
        except OSError as error:
            raise ApplyError(
                os_sentence(error, f"the kernel does not take the order in {work.change.subject}")
            ) from error
        work.keep.note_done(work.step, done=True)

    def undo(self, work: StepContext) -> None:
        work.keep.note_done(work.step, done=False)

    def tidy(self, work: StepContext) -> None:
        return

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        return [], [f"printf %s {word(plain(change.after))} >{word(change.subject)}"]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        return [], [f"back {work.step}"]


KIND = NudgeKind()

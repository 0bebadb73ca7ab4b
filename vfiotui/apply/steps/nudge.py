"""The kernel is asked to do something once, now: a file that is written and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import StepContext, SubjectState
from vfiotui.apply.steps.value import AttributeKind, plain, write
from vfiotui.model.change.change import Change


class NudgeKind(AttributeKind):
    """Compaction, dropped caches: there is no value before, so there is none to put back."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject}: {plain(change.after)!r} is written; nothing is kept there, and there is no way back"

    def prepare(self, work: StepContext) -> None:
        self._place(work)
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        done = work.keep.noted(work.step).get("done") is True and not work.boot_ended
        return SubjectState.AFTER if done else SubjectState.BEFORE

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

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        return [], [f"printf %s {word(plain(change.after))} >{word(change.subject)}"]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        return [], [f"back {work.step}"]


KIND = NudgeKind()

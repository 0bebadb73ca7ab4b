"""A libvirt hook that serves a guest no more lets go first of what it holds for that guest while it runs.

Removed before that, nothing would ever undo what it did: the host would stay on the few CPUs that the hook left it. The
hook is called as libvirt calls it when the guest has ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.process import run
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, quoted
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.change import Change

END = ("release", "end", "-")
"""Operation, sub-operation and extra argument of a call for a guest that has ended (libvirt.org/hooks.html)."""


def state_folder(hook: str) -> str:
    """Where a hook notes the guests for which it holds something: one file each, the guest's name in its first line.

    >>> state_folder("/etc/libvirt/hooks/qemu.d/50-vfiotui-cores")
    '/run/vfiotui/cores/guest'
    """
    return f"/run/vfiotui/{hook.rpartition('-')[2]}/guest"


class ReleaseKind(Kind):
    """`before` and `after` say whether the hook serves the guest: where it does no more, it is called to release."""

    def preview(self, change: Change) -> Iterator[str]:
        when = "first" if change.after is None else "when this is undone, while the guest runs"
        yield f"{change.subject} releases what it holds for {', '.join(change.wants)} {when}"

    def prepare(self, work: StepContext) -> None:
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        return SubjectState.AFTER if work.keep.noted(work.step).get("done") is True else SubjectState.BEFORE

    def _held(self, work: StepContext, guest: str) -> bool:
        root, folder = work.target.root, state_folder(work.change.subject)
        texts = (root.text(f"{folder}/{name}") for name in or_else(root.names(folder), ()))
        return any(or_else(text, "").partition("\n")[0] == guest for text in texts)

    def _release(self, work: StepContext) -> None:
        hook = work.change.subject
        for guest in work.change.wants:
            if work.target.is_live and self._held(work, guest) and work.target.root.exists(hook) is True:
                run(work.target, ("sh", hook, guest, *END), work.log, work.started)
                if self._held(work, guest):
                    raise ApplyError(f"{hook} still holds CPUs for {guest}: stop the guest, then try again")

    def do(self, work: StepContext) -> None:
        if work.change.after is None:
            self._release(work)
        work.keep.note_done(work.step, done=True)

    def undo(self, work: StepContext) -> None:
        if work.change.before is None:
            self._release(work)
        work.keep.note_done(work.step, done=False)

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        if change.after is not None:
            return [], []
        calls = (f"sh {word(change.subject)} {word(guest)} {' '.join(END)}" for guest in change.wants)
        return [], [f"[ ! -f {word(change.subject)} ] || {call} </dev/null" for call in calls]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        change = work.change
        lines = [f"release_hook {work.step} {quoted(change.subject)} {quoted(guest)}" for guest in change.wants]
        return [], [*(lines if change.before is None else []), f"back {work.step}"]


KIND = ReleaseKind()

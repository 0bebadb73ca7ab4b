"""Whether libvirt starts a guest together with itself, as the daemon keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.domain import guests
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, quoted
from vfiotui.model.change.change import AUTOSTART_OFF, AUTOSTART_ON, Change
from vfiotui.virt import define as virt
from vfiotui.virt.connect import DEFAULT_URI


def _on(content: bytes | None) -> bool:
    """The value of a step; ApplyError for another word."""
    if content not in (AUTOSTART_ON, AUTOSTART_OFF):
        raise ApplyError("a step about autostart says neither on nor off: correct the plan")
    return content == AUTOSTART_ON


class AutostartKind(Kind):
    """`before` and `after` are "on" or "off"."""

    def preview(self, change: Change) -> Iterator[str]:
        now, then = ((c or b"?").decode("utf-8", "replace") for c in (change.before, change.after))
        yield f"{change.subject}: autostart {now} becomes {then}"

    def _now(self, work: StepContext) -> bool | None:
        """What libvirt keeps; None where it has no such guest, or the guest no definition."""
        with guests(work) as connection:
            return virt.autostarts(connection, work.change.subject)

    def prepare(self, work: StepContext) -> None:
        before, now = _on(work.change.before), self._now(work)
        _on(work.change.after)
        if now is None:
            raise Conflict(f"libvirt stores no guest {work.change.subject} any more; make the plan again")
        if now is not before:
            raise Conflict(f"the autostart of {work.change.subject} is not as when the plan was made; make it again")

    def standing(self, work: StepContext) -> SubjectState:
        now = self._now(work)
        if now is None:
            # A guest that is gone is started by nothing.
            return SubjectState.BEFORE if not _on(work.change.before) else SubjectState.FOREIGN
        return SubjectState.AFTER if now is _on(work.change.after) else SubjectState.BEFORE

    def holds(self, work: StepContext) -> bytes | None:
        now = self._now(work)
        return None if now is None else AUTOSTART_ON if now else AUTOSTART_OFF

    def _set(self, work: StepContext, on: bool) -> None:
        with guests(work) as connection:
            virt.set_autostart(connection, work.change.subject, on)
        if self._now(work) is not on:
            raise ApplyError(f"libvirt did not keep the autostart of {work.change.subject}")

    def do(self, work: StepContext) -> None:
        self._set(work, _on(work.change.after))

    def undo(self, work: StepContext) -> None:
        self._set(work, _on(work.change.before))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        uri, name = word(change.where or DEFAULT_URI), word(change.subject)
        flag = "" if _on(change.after) else " --disable"
        check = f"autostart_is {uri} {name} {'enable' if _on(change.before) else 'disable'}"
        return [check], [f"virsh -c {uri} autostart{flag} --domain {name}"]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        name, uri = quoted(work.change.subject), quoted(work.change.where or DEFAULT_URI)
        flag = "" if _on(work.change.before) else " --disable"
        return [], [f"guest {work.step} {name} {uri} autostart{flag} --domain {name}", f"back {work.step}"]


KIND = AutostartKind()

"""A device is plugged into a running guest, or out of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.scripts.shell_words import printing, word
from vfiotui.apply.steps.domain import guests
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, quoted
from vfiotui.formats.domain_xml.device_xml import has_device
from vfiotui.model.change.change import Change
from vfiotui.virt import define as virt
from vfiotui.virt.connect import DEFAULT_URI

SECONDS = 20.0
"""How long a guest may take to let a device go."""


class DeviceKind(Kind):
    """Devices of running guests."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject}: {'detaches' if change.after is None else 'attaches'}"
        text = (change.before if change.after is None else change.after) or b""
        sign = "-" if change.after is None else "+"
        yield from (f"{sign}{line}" for line in text.decode("utf-8", "replace").rstrip("\n").split("\n"))

    def _xml(self, change: Change) -> bytes:
        return (change.before if change.after is None else change.after) or b""

    def _plugged(self, work: StepContext) -> bool | None:
        """Whether the device is in the running guest; None where the guest does not run."""
        with guests(work) as connection:
            now = virt.running_xml(connection, work.change.subject)
        if now is None:
            return None
        try:
            return has_device(now, self._xml(work.change).decode("utf-8", "replace"))
        except ValueError as error:
            raise ApplyError(f"the device's XML is damaged ({error}): correct the plan") from error

    def prepare(self, work: StepContext) -> None:
        plugged = self._plugged(work)
        if plugged is None:
            raise Conflict(f"{work.change.subject} does not run: only a running guest is plugged into")
        if plugged is not (work.change.before is not None):
            raise Conflict(
                f"the device is {'already' if plugged else 'not'} in {work.change.subject}; make the plan again"
            )
        work.keep.write(str(work.step), self._xml(work.change))
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        if work.boot_ended:
            return SubjectState.BEFORE
        plugged = self._plugged(work)
        if plugged is None:
            # It ended meanwhile: its next start follows its definition, not this change.
            return SubjectState.BEFORE
        return SubjectState.AFTER if plugged is (work.change.after is not None) else SubjectState.BEFORE

    def _plug(self, work: StepContext, attach: bool) -> None:
        with guests(work) as connection:
            (virt.attach if attach else virt.detach)(connection, work.change.subject, self._xml(work.change))
        end = time.monotonic() + SECONDS
        while self._plugged(work) is not attach:
            if time.monotonic() > end:
                raise ApplyError(
                    f"{work.change.subject} did not {'take the device' if attach else 'let the device go'} in "
                    f"{SECONDS:g} s: its system must take part; look into the guest"
                )
            time.sleep(0.2)

    def do(self, work: StepContext) -> None:
        self._plug(work, work.change.after is not None)

    def undo(self, work: StepContext) -> None:
        self._plug(work, work.change.before is not None)

    def _line(self, change: Change, attach: bool, file: str) -> str:
        word = "attach-device" if attach else "detach-device"
        return f"{word} {quoted(change.subject)} {file} --live"

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        uri, name = word(change.where or DEFAULT_URI), word(change.subject)
        line = self._line(change, change.after is not None, "/dev/stdin")
        return [f"guest_runs {uri} {name}"], printing(self._xml(change), f"virsh -c {uri} {line}")

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        line = self._line(work.change, work.change.before is not None, f'"$here/before/{work.step}"')
        name, uri = quoted(work.change.subject), quoted(work.change.where or DEFAULT_URI)
        return [], [f"guest {work.step} {name} {uri} {line}", f"back {work.step}"]


KIND = DeviceKind()

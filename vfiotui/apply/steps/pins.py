"""Threads of a running guest are pinned to other CPUs, at once and until it ends."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.domain import guests
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, diff_lines, quoted
from vfiotui.model.change.change import Change
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import EMULATOR, parse_pins, pins_text
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.virt import pins as virt
from vfiotui.virt.connect import DEFAULT_URI

Pins = dict[str, CpuSet]


def pins_of(content: bytes | None) -> Pins:
    """The pins that a step names."""
    try:
        return parse_pins((content or b"").decode("utf-8", "replace"))
    except ValueError as error:
        raise ApplyError(f"a step names no pins: {error}; correct the plan") from error


class PinsKind(Kind):
    """Pins of running guests; what libvirt then holds is read back, and the kernel's own word for every vCPU."""

    def preview(self, change: Change) -> Iterator[str]:
        yield from diff_lines(f"{change.subject} (running)", change.before, change.after)

    def _now(self, work: StepContext) -> Pins | None:
        """The pins of the threads that the step names; None where the guest does not run."""
        with guests(work) as connection:
            now = virt.read_pins(connection, work.change.subject)
        if now is None:
            return None
        return {name: now[name] for name in pins_of(work.change.after) if name in now}

    def prepare(self, work: StepContext) -> None:
        now = self._now(work)
        if now is None:
            raise Conflict(f"{work.change.subject} does not run: its definition can be changed, not its threads")
        if now != pins_of(work.change.before):
            raise Conflict(
                f"the pins of {work.change.subject} are not as they were when the plan was made; make it again"
            )
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        if work.boot_ended:
            return SubjectState.BEFORE
        now, before, after = self._now(work), pins_of(work.change.before), pins_of(work.change.after)
        if now is None or now == before:
            # A guest that ended starts with what its definition says.
            return SubjectState.BEFORE
        if now == after:
            return SubjectState.AFTER
        known = all(now.get(name) in (before.get(name), after[name]) for name in after)
        return SubjectState.PARTLY if known else SubjectState.FOREIGN

    def _pin(self, work: StepContext, wanted: Pins) -> None:
        with guests(work) as connection:
            virt.set_pins(connection, work.change.subject, wanted)
            real = virt.real_affinity(connection, work.change.subject)
        for name, cpus in wanted.items():
            if name.startswith("v") and cpus and real.get(int(name[1:]), cpus) != cpus:
                raise ApplyError(
                    f"{name} of {work.change.subject} may run on CPU {format_list(real[int(name[1:])])} instead of "
                    f"{format_list(cpus)}: a control group limits it"
                )

    def holds(self, work: StepContext) -> bytes | None:
        now = self._now(work)
        return None if now is None else pins_text(now).encode()

    def do(self, work: StepContext) -> None:
        self._pin(work, pins_of(work.change.after))

    def undo(self, work: StepContext) -> None:
        self._pin(work, pins_of(work.change.before))

    def _lines(self, change: Change, wanted: Pins) -> list[str]:
        """Words for virsh; every CPU frees a thread."""
        name = quoted(change.subject)
        lines = []
        for thread, cpus in wanted.items():
            words = format_list(cpus) if cpus else "r"
            if thread == EMULATOR:
                lines.append(f"emulatorpin {name} {words} --live")
            elif thread.startswith("io"):
                spelled = words if cpus else '"0-$(($(nproc --all) - 1))"'
                lines.append(f"iothreadpin {name} {thread[2:]} {spelled} --live")
            else:
                lines.append(f"vcpupin {name} {thread[1:]} {words} --live")
        return lines

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        uri, name = word(change.where or DEFAULT_URI), word(change.subject)
        # A thread without a pin may have any CPU: there is nothing to compare.
        pinned = {thread: cpus for thread, cpus in pins_of(change.before).items() if cpus}
        checks = [f"guest_runs {uri} {name}"]
        for thread, cpus in pinned.items():
            named = "emulator" if thread == EMULATOR else thread.removeprefix("v")
            checks.append(f"pin_is {uri} {name} {named} {format_list(cpus)}")
        return checks, [f"virsh -c {uri} {line}" for line in self._lines(change, pins_of(change.after))]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        guest = f"guest {work.step} {quoted(work.change.subject)} {quoted(work.change.where or DEFAULT_URI)}"
        lines = self._lines(work.change, pins_of(work.change.before))
        return [], [*(f"{guest} {line}" for line in lines), f"back {work.step}"]


KIND = PinsKind()

"""A running device changes its driver: to vfio-pci, or back to the host's own.

How: driver_override names the one driver that may bind, the old one lets go, drivers_probe binds
(Documentation/ABI/testing/sysfs-bus-pci).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, must_be_live, quoted
from vfiotui.model.change.change import HOSTS_OWN, Change
from vfiotui.model.pci.functions import BDF

DEVICES = "/sys/bus/pci/devices"
DRIVERS = "/sys/bus/pci/drivers"
PROBE = "/sys/bus/pci/drivers_probe"
SECONDS = 15.0
"""How long a driver may take to let a device go: one in use never does."""
WRITE = 'printf %s "$2" >"$1"'


def name(value: bytes | None) -> str | None:
    """A driver's name, None for none."""
    return value.decode("utf-8", "replace").strip() or None if value else None


class DriverKind(Kind):
    """Drivers of PCI functions; the subject is the address."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject}: driver {name(change.before) or 'none'} becomes {name(change.after) or 'none'}"

    def _folder(self, work: StepContext) -> str:
        if not BDF.fullmatch(work.change.subject):
            raise ApplyError(f"{work.change.subject!r} is no PCI address: correct the plan")
        must_be_live(work)
        return work.target.outside(work.target.real_place(f"{DEVICES}/{work.change.subject}"))

    def _bound(self, work: StepContext) -> str | None:
        folder = self._folder(work)
        if not os.path.isdir(folder):
            raise ApplyError(f"{work.change.subject} is not in this machine any more")
        try:
            return os.path.basename(os.readlink(f"{folder}/driver"))
        except FileNotFoundError:
            return None

    def _override(self, work: StepContext) -> str:
        try:
            with open(f"{self._folder(work)}/driver_override", encoding="utf-8", errors="replace") as file:
                text = file.read().strip()
        except OSError:
            return ""
        return "" if text == "(null)" else text

    def prepare(self, work: StepContext) -> None:
        bound, planned = self._bound(work), name(work.change.before)
        if bound != planned:
            raise Conflict(
                f"{work.change.subject} is bound to {bound or 'no driver'}, not to {planned or 'none'} as when the "
                "plan was made; make the plan again"
            )
        work.keep.note(work.step, override=self._override(work), boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        if work.boot_ended:
            return SubjectState.BEFORE
        bound = self._bound(work)
        old = str(work.keep.noted(work.step).get("override", ""))
        if work.change.after == HOSTS_OWN:
            free = not self._override(work) and not (bound or "").startswith("vfio")
            return (
                SubjectState.AFTER
                if free
                else SubjectState.BEFORE
                if bound == name(work.change.before)
                else SubjectState.FOREIGN
            )
        if bound == name(work.change.after):
            return SubjectState.AFTER
        if bound == name(work.change.before):
            return SubjectState.BEFORE if self._override(work) == old else SubjectState.PARTLY
        return SubjectState.PARTLY if bound is None else SubjectState.FOREIGN

    def _write(self, work: StepContext, place: str, value: str, doing: str) -> None:
        """One write in a process of its own: a driver that does not answer cannot hold this one."""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", WRITE, "sh", work.target.outside(work.target.real_place(place)), value],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise ApplyError(
                f"{doing}: no answer in {SECONDS:g} s; something holds the device: "
                "stop what uses it ('vfiotui doctor' names the holders)"
            ) from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().rpartition(": ")[2]
            raise ApplyError(f"{doing}: {said.lower() or 'the kernel refuses it'}")

    def _bind(self, work: StepContext, driver: str | None, override: str) -> None:
        bdf = work.change.subject
        folder = f"{DEVICES}/{bdf}"
        bound = self._bound(work)
        if bound == driver:
            self._write(work, f"{folder}/driver_override", override + "\n", f"driver_override of {bdf} cannot be set")
            return
        wanted = f"{driver or override}\n"
        self._write(work, f"{folder}/driver_override", wanted, f"driver_override of {bdf} cannot be set")
        if bound is not None:
            self._write(work, f"{folder}/driver/unbind", bdf, f"{bound} does not let {bdf} go")
        if driver is not None:
            self._write(work, PROBE, bdf, f"{driver} does not take {bdf}")
        if self._bound(work) != driver:
            raise ApplyError(f"{driver or 'no driver'} did not take {bdf}: is its module loaded?")
        if driver is None or not driver.startswith("vfio"):
            self._write(work, f"{folder}/driver_override", override + "\n", f"driver_override of {bdf} cannot be set")

    def _give_back(self, work: StepContext) -> None:
        """Lets whichever driver of the host take it."""
        bdf, folder = work.change.subject, f"{DEVICES}/{work.change.subject}"
        self._write(work, f"{folder}/driver_override", "\n", f"driver_override of {bdf} cannot be cleared")
        bound = self._bound(work)
        if bound is not None:
            self._write(work, f"{folder}/driver/unbind", bdf, f"{bound} does not let {bdf} go")
        self._write(work, PROBE, bdf, f"no driver could be looked for {bdf}")
        if (self._bound(work) or "").startswith("vfio"):
            self._to_a_driver_of(work)

    def _to_a_driver_of(self, work: StepContext) -> None:
        """vfio-pci took it again, because its ids name it: the host's drivers are named one by one instead."""
        bdf, folder = work.change.subject, f"{DEVICES}/{work.change.subject}"
        for driver in self._drivers_of(work, work.change.wants):
            self._write(work, f"{folder}/driver_override", f"{driver}\n", f"driver_override of {bdf} cannot be set")
            bound = self._bound(work)
            if bound is not None:
                self._write(work, f"{folder}/driver/unbind", bdf, f"{bound} does not let {bdf} go")
            self._write(work, PROBE, bdf, f"{driver} does not take {bdf}")
            if self._bound(work) == driver:
                self._write(work, f"{folder}/driver_override", "\n", f"driver_override of {bdf} cannot be cleared")
                return
        raise ApplyError(f"vfio-pci takes {bdf} again, as its ids name it, and no driver of the host takes it instead")

    def _drivers_of(self, work: StepContext, modules: tuple[str, ...]) -> tuple[str, ...]:
        """The loaded drivers that these modules bring, in the order of the modules; a driver's name may be another."""
        found: dict[str, list[str]] = {m.replace("-", "_"): [] for m in modules}
        top = work.target.outside(work.target.real_place(DRIVERS))
        for driver in sorted(os.listdir(top)):
            try:
                module = os.path.basename(os.readlink(f"{top}/{driver}/module"))
            except OSError:
                module = driver
            found.get(module.replace("-", "_"), []).append(driver)
        return tuple(d for drivers in found.values() for d in drivers)

    def do(self, work: StepContext) -> None:
        if work.change.after == HOSTS_OWN:
            self._give_back(work)
            return
        after = name(work.change.after)
        old = str(work.keep.noted(work.step).get("override", ""))
        self._bind(work, after, after if after and after.startswith("vfio") else "" if after else old)

    def undo(self, work: StepContext) -> None:
        if not work.boot_ended:
            self._bind(work, name(work.change.before), str(work.keep.noted(work.step).get("override", "")))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        folder, bdf = f"{DEVICES}/{change.subject}", word(change.subject)
        after = "" if change.after == HOSTS_OWN else name(change.after) or ""
        lines = [f"printf '%s\\n' {word(after)} >{word(f'{folder}/driver_override')}"]
        if change.before:
            lines.append(f"printf %s {bdf} >{word(f'{folder}/driver/unbind')}")
        checks = [f"driver_is {bdf} {word(name(change.before) or '')}"]
        return checks, [*lines, f"printf %s {bdf} >{PROBE}"] if change.after else lines

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        noted = work.keep.noted(work.step)
        words = (work.change.subject, name(work.change.before) or "", str(noted["override"]), str(noted["boot"]))
        return [], [f"set_driver {work.step} {' '.join(map(quoted, words))}"]


KIND = DriverKind()

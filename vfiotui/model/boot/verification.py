"""What a boot made of every device, against what was predicted."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.journal import IN_FORCE, ChangeRecord, State
from vfiotui.model.change.plan import Expected, Plan
from vfiotui.model.pci.functions import PciBus


@dataclass(frozen=True, slots=True)
class Verified:
    """One device after the boot."""

    bdf: str
    predicted: tuple[str, ...]
    """Drivers that might have it; "" for none."""
    bound: Reading[str]
    """The driver that has it, empty for none; Unread where the device is gone."""

    @property
    def right(self) -> bool:
        """Whether it came as predicted."""
        return self.bound in self.predicted

    @property
    def sure(self) -> bool:
        """Whether the forecast left no choice."""
        return len(self.predicted) == 1

    @property
    def sentence(self) -> str:
        """What was predicted and what is."""
        told = " or ".join(d or "no driver" for d in self.predicted)
        if isinstance(self.bound, Unread):
            return f"{self.bdf}: {told} was predicted; {self.bound}"
        has = self.bound or "no driver"
        return f"{self.bdf}: {has}, as predicted" if self.right else f"{self.bdf}: {told} was predicted, it has {has}"


def verify(forecast: Iterable[Expected], bus: PciBus) -> tuple[Verified, ...]:
    """Every device of the forecast against the bus as it is."""
    found = []
    for bdf, predicted in forecast:
        device = bus.get(bdf)
        bound: Reading[str] = (
            Unread("no device is at this address any more")
            if device is None
            else device.driver
            if isinstance(device.driver, Unread)
            else device.driver or ""
        )
        found.append(Verified(bdf, predicted, bound))
    return tuple(found)


def not_bound(plan: Plan, bus: PciBus) -> tuple[tuple[str, str], ...]:
    """The devices that a plan chose for vfio-pci and that it has not, each with what has it, in words."""
    found = []
    for bdf, _ in plan.chosen:
        device = bus.get(bdf)
        driver = None if device is None else device.driver
        if driver is None:
            found.append((bdf, "no driver: no device is at this address any more"))
        elif not isinstance(driver, Unread) and "vfio" not in driver:
            found.append((bdf, driver or "no driver"))
    return tuple(found)


def newest_forecast(records: Iterable[ChangeRecord]) -> ChangeRecord | None:
    """The newest change in force that predicted a boot; the records are newest first."""
    return next(
        (r for r in records if isinstance(r.plan, Plan) and r.plan.forecast and r.state in IN_FORCE),
        None,
    )


def newest_isolation(records: Iterable[ChangeRecord]) -> ChangeRecord | None:
    """The newest change in force, wholly or in part, that gives devices away; the records are newest first."""
    for record in records:
        goals = record.plan.goals if isinstance(record.plan, Plan) else ()
        isolates = any(name.startswith("isolate.") and name != "isolate.off" for name, _ in goals)
        if isolates and record.state not in (State.UNDONE, State.ROLLED_BACK, State.DAMAGED):
            return record
    return None

"""All that a person looks at before devices are given away: columns, the next boot, what may be chosen, and how."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.next_boot import NextBoot, image_of_all
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.facts import Facts
from vfiotui.model.pci.binding_state import MANAGED, BindingState
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HOLDERS
from vfiotui.plan.isolate.binding_state import columns
from vfiotui.plan.isolate.forecasts import forecasts
from vfiotui.plan.isolate.method import Verdict, verdicts
from vfiotui.plan.isolate.select import Choice, choose


@dataclass(frozen=True, slots=True)
class IsolationView:
    """One look at a machine."""

    bus: PciBus
    columns: Mapping[str, BindingState]
    """By address."""
    forecasts: Mapping[str, Forecast]
    choices: Mapping[str, Choice]
    """What each device alone would bring along, and why it cannot be passed through."""
    tool: str
    """The initramfs tool, or "none"."""

    def methods(self, choice: Choice) -> tuple[Verdict, ...]:
        """Every method for a choice, the simplest first."""
        return verdicts(choice.devices, self.bus, self.tool)

    def is_bound(self, bdf: str) -> bool:
        """Whether a driver for guests has a device, or may get it at the next boot, or anything asks for that."""
        told, row = self.forecasts.get(bdf), self.columns.get(bdf)
        drivers = (*(told.outcomes if told else ()), *([row.bound] if row and isinstance(row.bound, str) else []))
        return bool(row and row.configured and row.configured != MANAGED) or any(
            "vfio" in driver or driver in HOLDERS for driver in drivers
        )


def isolation_view(
    facts: Facts, snapshot: ConfigSnapshot, boots: tuple[NextBoot, ...], *, choices: bool = True
) -> Reading[IsolationView]:
    """The look, without `choices` where they are not wanted; Unread where the bus or the boot chain is."""
    rows = columns(facts, snapshot, image_of_all(boots))
    next_boot = forecasts(facts, snapshot, boots)
    if isinstance(facts.pci, Unread) or isinstance(facts.boot, Unread):
        return facts.pci if isinstance(facts.pci, Unread) else Unread(str(facts.boot))
    if isinstance(rows, Unread) or isinstance(next_boot, Unread):
        return rows if isinstance(rows, Unread) else Unread(str(next_boot))
    shown = [d.bdf for d in facts.pci.devices if not d.is_bridge]
    return IsolationView(
        facts.pci,
        {c.bdf: c for c in rows},
        {f.bdf: f for f in next_boot},
        {bdf: choose(facts, (bdf,)) for bdf in shown} if choices else {},
        or_else(facts.boot.initramfs, "none"),
    )

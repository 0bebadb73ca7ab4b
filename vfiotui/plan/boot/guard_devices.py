"""Which devices the next boot must give to vfio-pci, and which of them it will not."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.guard import Lost
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.change.journal import IN_FORCE
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.pci.binding_state import BindingState
from vfiotui.plan.isolate.boot_event import DRIVER
from vfiotui.plan.isolate.method import Method

WAYS = frozenset({"ids", "override", "vfio"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A device that vfio-pci must get."""

    bdf: str
    why: str
    """Who wants it, as a half sentence."""
    was_sure: bool
    """Whether a change predicted it as sure."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the next boot does with what is wanted."""

    lost: tuple[Lost, ...] = ()
    unknown: tuple[str, ...] = ()
    kept: int = 0


def wanted_devices(facts: Facts, states: Mapping[str, BindingState]) -> tuple[Wanted, ...]:
    """The devices that a stored choice, a change in force, a guest or the configuration wants at vfio-pci.

    A device that libvirt binds when its guest starts (managed='yes') needs nothing of the boot.
    """
    found: dict[str, str] = {}
    sure: dict[str, bool] = {}
    for record in reversed(or_else(facts.changes, ())):
        if record.state in IN_FORCE and isinstance(record.plan, Plan):
            found.update((bdf, f"change {record.name} isolated it") for bdf, _ in record.plan.chosen)
            sure.update((bdf, drivers == (DRIVER,)) for bdf, drivers in record.plan.forecast)
    for one in or_else(facts.selection, ()):
        if one.method != Method.DYNAMIC:
            found.setdefault(one.bdf, "it was chosen with vfiotui")
        else:
            found.pop(one.bdf, None)
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    for domain in domains:
        for hostdev in domain.pci_hostdevs:
            if not hostdev.managed:
                found.setdefault(hostdev.address, f"guest {domain.name} takes it without managed='yes'")
    for bdf, state in states.items():
        if isinstance(state.configured, str) and set(state.configured.split(" + ")) & WAYS:
            found.setdefault(bdf, "it is configured for vfio-pci")
    return tuple(Wanted(bdf, why, sure.get(bdf, False)) for bdf, why in sorted(found.items()))


def judge_devices(
    wanted: tuple[Wanted, ...], names: Mapping[str, str], told: Mapping[str, Forecast], seen: bool
) -> Judged:
    """What the forecasts say of the wanted devices; `names` are those of the devices that are on the bus.

    A doubt that was there when the change was made is no loss. `seen`: whether the bus shows this machine's devices.
    """
    lost: list[Lost] = []
    unknown: list[str] = []
    kept = 0
    for one in wanted:
        forecast = told.get(one.bdf)
        if forecast is None:
            if seen:
                unknown.append(f"{one.bdf} is not in this host now: its driver is not predicted")
            else:
                unknown.append(f"{one.bdf}: no devices are seen here, so that its driver is not predicted")
            continue
        name = f"{one.bdf} ({names[one.bdf]})" if names.get(one.bdf) else one.bdf
        if forecast.unknown:
            sentence = f"{name}: {forecast.why}"
            unknown.append(sentence)
        elif DRIVER not in forecast.outcomes:
            has = forecast.text if forecast.text == "no driver" else f"the driver {forecast.text}"
            lost.append(Lost(one.bdf, f"{name} gets {has}, not vfio-pci ({one.why}): {forecast.why}"))
        elif one.was_sure and not forecast.sure:
            lost.append(Lost(one.bdf, f"{name} may get {forecast.text} ({one.why}): {forecast.why}"))
        else:
            kept += 1
    return Judged(tuple(lost), tuple(unknown), kept)

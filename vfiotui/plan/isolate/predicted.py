"""A plan with the forecast of the boot that follows it, so that the boot can be judged by it."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.draft import PlanError
from vfiotui.plan.isolate.boot_event import DRIVER
from vfiotui.plan.isolate.forecasts import forecasts


def predicted(plan: Plan, facts: Facts, snapshot: ConfigSnapshot, boots: tuple[NextBoot, ...]) -> Plan:
    """The plan with the next boot of every device; as it is where it asks for no boot, or nothing can be predicted.

    PlanError with the prediction where it denies what the plan is for: a chosen device that vfio-pci will not get.
    """
    if not plan.waits_for_boot:
        return plan
    found = forecasts(facts, snapshot, boots, plan)
    if isinstance(found, Unread):
        return plan
    told = {f.bdf: f for f in found}
    denied = [told[bdf] for bdf, _ in plan.chosen if bdf in told and _is_denied(told[bdf])]
    if denied and not plan.left:
        each = "; ".join(
            f"{f.bdf} would be bound to {f.text}: {f.why}{f' {f.advice}' if f.advice else ''}" for f in denied
        )
        given = ", ".join(bdf for bdf, _ in plan.chosen if bdf in told and not _is_denied(told[bdf]))
        rest = f" ({given}: vfio-pci)" if given else ""
        raise PlanError(f"this plan would not work, nothing is planned: after the next boot {each}{rest}")
    chosen = tuple((bdf, _doubt(told.get(bdf))) for bdf, _ in plan.chosen)
    return replace(plan, forecast=tuple((f.bdf, f.outcomes) for f in found), chosen=chosen)


def _is_denied(forecast: Forecast) -> bool:
    """Whether vfio-pci gets a device in no order of the boot."""
    return not forecast.unknown and DRIVER not in forecast.outcomes


def _doubt(forecast: Forecast | None) -> str:
    """Why it is not sure that vfio-pci gets a device; empty where it is."""
    if forecast is None:
        return "no such device is seen here"
    return "" if forecast.given else f"{forecast.why} {forecast.advice}".strip()

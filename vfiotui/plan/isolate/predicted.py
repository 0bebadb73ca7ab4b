"""A plan with the forecast of the boot that follows it, so that the boot can be judged by it."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.boot.prediction import NOBODY, Forecast
from vfiotui.model.change.change import Effect
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.pci.host_use import HOLDERS
from vfiotui.plan.draft import PlanError
from vfiotui.plan.isolate.boot_event import DRIVER
from vfiotui.plan.isolate.forecasts import forecasts


def predicted(plan: Plan, facts: Facts, snapshot: ConfigSnapshot, boots: tuple[NextBoot, ...]) -> Plan:
    """The plan with the next boot of every device; as it is where it asks for no boot, or nothing can be predicted.

    PlanError with the prediction where it denies what the plan is for: a chosen device that vfio-pci will not get, or
    one to go back to the host that stays bound.
    """
    if not plan.waits_for_boot and not plan.released:
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
    plan = replace(plan, forecast=tuple((f.bdf, f.outcomes) for f in found), chosen=chosen)
    return _given_back(plan, told, forecasts(facts, snapshot, boots)) if plan.released else plan


def _given_back(plan: Plan, told: Mapping[str, Forecast], today: Reading[tuple[Forecast, ...]]) -> Plan:
    """The plan with how sure it is that its devices go back, and with what else it moves.

    PlanError where one of them stays bound, and where another device would be bound that is not today.
    """
    acts = any(step.effect is Effect.BOOT for step in plan.steps)
    bound = [(told[bdf], kept) for bdf, kept in plan.released if bdf in told and _stays(told[bdf], kept, acts)]
    if bound and not plan.left:
        each = "; ".join(map(_still, *zip(*bound, strict=True)))
        raise PlanError(f"this plan would not work, nothing is planned: after the next boot {each}")
    notes = list(plan.notes)
    named = {bdf for bdf, _ in (*plan.released, *plan.chosen)}
    for before in () if isinstance(today, Unread) else today:
        after = told.get(before.bdf)
        if after is None or before.bdf in named or (DRIVER in before.outcomes and DRIVER in after.outcomes):
            continue
        if DRIVER in after.outcomes and not after.unknown:
            raise PlanError(f"this plan would take {before.bdf} from the host, nothing is planned: {after.why}")
        if DRIVER in before.outcomes:
            notes.append(f"{before.bdf} goes back to the host as well: {after.text} at the next boot")
    released = tuple((bdf, _open(told.get(bdf), kept)) for bdf, kept in plan.released)
    return replace(plan, notes=tuple(dict.fromkeys(notes)), released=released)


def _stays(forecast: Forecast, kept: str, acts: bool) -> bool:
    """Whether a device does not come back: it stays bound, or what is not edited keeps the host's drivers from it."""
    if kept and not acts:
        return not forecast.sure or forecast.driver in (DRIVER, *HOLDERS, NOBODY)
    return not forecast.unknown and all(
        outcome in (DRIVER, *HOLDERS, *([NOBODY] if kept else [])) for outcome in forecast.outcomes
    )


def _still(forecast: Forecast, kept: str) -> str:
    """What keeps a device from the host, as a sentence without its full stop."""
    how = "is" if forecast.unknown else "would still be bound to" if forecast.stays_bound else "would have"
    return f"{forecast.bdf} {how} {forecast.text}: {forecast.why}{f' Not edited here: {kept}' if kept else ''}"


def _open(forecast: Forecast | None, kept: str) -> str:
    """Why it is not sure that a driver of the host gets a device; empty where it is."""
    if forecast is None:
        return "no such device is seen here"
    if forecast.sure and forecast.driver != NOBODY:
        return ""
    return f"{forecast.why}{f' Not edited here: {kept}.' if kept else ''}".strip()


def _is_denied(forecast: Forecast) -> bool:
    """Whether vfio-pci gets a device in no order of the boot."""
    return not forecast.unknown and DRIVER not in forecast.outcomes


def _doubt(forecast: Forecast | None) -> str:
    """Why it is not sure that vfio-pci gets a device; empty where it is."""
    if forecast is None:
        return "no such device is seen here"
    return "" if forecast.given else f"{forecast.why} {forecast.advice}".strip()

"""A plan with the forecast of the boot that follows it, so that the boot can be judged by it."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.isolate.forecasts import forecasts


def predicted(plan: Plan, facts: Facts, snapshot: ConfigSnapshot, boots: tuple[NextBoot, ...]) -> Plan:
    """The plan with the next boot of every device; as it is where it asks for no boot, or nothing can be predicted."""
    if not plan.waits_for_boot:
        return plan
    found = forecasts(facts, snapshot, boots, plan)
    return plan if isinstance(found, Unread) else replace(plan, forecast=tuple((f.bdf, f.outcomes) for f in found))

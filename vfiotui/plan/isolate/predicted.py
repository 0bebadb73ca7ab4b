"""A plan with the forecast of the boot that follows it, so that the boot can be judged by it."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.image import Image
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.isolate.prediction import forecast


def predicted(plan: Plan, facts: Facts, snapshot: ConfigSnapshot, image: Reading[Image]) -> Plan:
    """The plan with the next boot of every device; as it is where it asks for no boot, or nothing can be predicted."""
    if not plan.waits_for_boot:
        return plan
    found = forecast(facts, snapshot, image, plan)
    return plan if isinstance(found, Unread) else replace(plan, forecast=tuple((f.bdf, f.outcomes) for f in found))

"""From a finding to the plan that mends it: surveyed and planned beside the screen, shown, not applied."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.image import read_next
from vfiotui.host.root.root import Root
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import can_plan, make_plan, reads
from vfiotui.plan.isolate.predicted import foretold
from vfiotui.tui.message_box import say
from vfiotui.tui.screens.plan.screen import PlanScreen

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


def can_fix(finding: Finding | None) -> bool:
    """Whether a plan can be made of the finding's fix."""
    return (
        finding is not None
        and finding.verdict is Verdict.FAILS
        and finding.fix is not None
        and can_plan(finding.fix.goal)
    )


def open_fix(app: ConsoleContext, finding: Finding, facts: Facts) -> None:
    """Makes the plan in a worker and shows it; why there is none is said."""
    if finding.fix is not None:
        open_goals(app, finding.fix.goal, facts)


def open_goals(app: ConsoleContext, goals: tuple[Goal, ...], facts: Facts) -> None:
    """Makes the plan of goals in a worker and shows it; why there is none is said."""
    app.run_worker(_open(app, goals, facts), exclusive=True, group="plan")


async def _open(app: ConsoleContext, goals: tuple[Goal, ...], facts: Facts) -> None:
    try:
        plan = await asyncio.to_thread(_make, app.root_, goals, facts)
    except PlanError as error:
        say(app, "no plan", f"No plan can be made: {error}.")
        return
    await app.push_screen(PlanScreen(plan, app.root_, app.caps.glyphs))


def _make(root: Root, goals: tuple[Goal, ...], facts: Facts) -> Plan:
    snapshot = read_config_snapshot(root, reads(goals))
    plan = make_plan(facts, snapshot, goals)
    return foretold(plan, facts, snapshot, read_next(root)) if plan.waits_for_boot else plan

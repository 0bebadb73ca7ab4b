"""From goals to the plan that reaches them: made beside the screen, shown, not applied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from vfiotui.model.change.plan import Goal
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import can_plan
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs
from vfiotui.state.topics import FACTS, VIRT
from vfiotui.tui.message_box import say
from vfiotui.tui.screens.plan.screen import PlanScreen

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


def can_fix(finding: Finding | None) -> bool:
    """Whether a plan can be made of the finding's fix."""
    return (
        finding is not None
        and finding.verdict is Verdict.FAILED
        and finding.fix is not None
        and can_plan(finding.fix.goal)
    )


def inputs_of(app: ConsoleContext) -> RootInputs:
    """What a plan is made from now: the root, read anew, and the guests as they were read last.

    Raises PlanError where nothing was read yet.
    """
    facts = app.store.get(FACTS)
    if facts is None:
        raise PlanError("the host is still being read: try again")
    # What libvirt told is on the screens before it is among the facts.
    told = app.store.get(VIRT)
    virt = facts.virt if told is None else told
    return RootInputs(app.root_, lambda: virt, daemon=app.follows_libvirt)


def open_fix(app: ConsoleContext, finding: Finding) -> None:
    """Makes the plan of a finding's fix in a worker and shows it; why there is none is said."""
    if finding.fix is not None:
        open_goals(app, finding.fix.goal)


def open_goals(app: ConsoleContext, goals: Iterable[Goal]) -> None:
    """Makes the plan of goals in a worker and shows it; why there is none is said."""
    app.run_worker(_open(app, tuple(goals)), exclusive=True, group="plan")


async def _open(app: ConsoleContext, goals: tuple[Goal, ...]) -> None:
    try:
        plan = await asyncio.to_thread(plan_goals, inputs_of(app), goals)
    except PlanError as error:
        say(app, "no plan", f"No plan can be made: {error}.")
        return
    await app.push_screen(PlanScreen(plan, app.root_, app.caps.glyphs))

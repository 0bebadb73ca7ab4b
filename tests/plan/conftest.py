"""Whatever a planner plans in these tests is known as a planner's."""

from __future__ import annotations

import pytest

from vfiotui.model.change.plan import Goal, Plan
from vfiotui.plan.draft import Draft
from vfiotui.plan.judged import judged


@pytest.fixture(autouse=True)
def plans_are_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planner's steps are neither strange nor of a higher risk than it says."""
    plain = Draft.plan

    def plan(self: Draft, title: str, goals: tuple[Goal, ...]) -> Plan:
        made = plain(self, title, goals)
        found = judged(made)
        assert (found.strange, found.raised, found.plan.steps) == ((), (), made.steps)
        return made

    monkeypatch.setattr(Draft, "plan", plan)

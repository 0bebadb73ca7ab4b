"""What checks give as a fix: goals that a planner reaches, or where a person has to act."""

from __future__ import annotations

from vfiotui.model.finding.finding import ByHand, Fix, Risk


def fix(text: str, risk: Risk, *goal: tuple[str, str]) -> Fix:
    """What a person can do, and the goals from which planners build it."""
    return Fix(text, risk, goal)


def by_hand(where: ByHand, text: str, risk: Risk = Risk.R0) -> Fix:
    """What only a person can do, and where: no plan is offered for it."""
    return Fix(text, risk, (), where)

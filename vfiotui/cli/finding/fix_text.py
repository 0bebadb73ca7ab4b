"""The fix of a finding: the command that plans it, or where a person has to act, alike in every report."""

from __future__ import annotations

from shlex import quote
from typing import Any

from vfiotui.model.finding.finding import Fix


def fix_json(fix: Fix) -> dict[str, Any]:
    """A fix as a JSON object; "by_hand" is a word of `ByHand`, or null where a plan can be made."""
    return {
        "text": fix.text,
        "risk": str(fix.risk),
        "goals": [list(w) for w in fix.goal],
        "by_hand": None if fix.by_hand is None else str(fix.by_hand),
    }


def how_of(fix: Fix) -> str:
    """The command of a fix, or where a person has to act; empty where neither is known."""
    if fix.by_hand is not None:
        return fix.by_hand.words
    goals = [quote(f"{name}={argument}") for name, argument in fix.goal]
    return f"vfiotui plan {' '.join(goals)}" if goals else ""

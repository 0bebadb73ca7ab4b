"""Goals about a guest's definition name the guest: a rule says what, the engine adds whose."""

from __future__ import annotations

from vfiotui.model.base.value import replace
from vfiotui.model.finding.finding import Fix

DEFINITION = "domain."
"""How the names of goals about a guest's definition begin."""


def fix_of(fix: Fix, guest: str) -> Fix:
    """The fix with the guest before the argument of each goal about a definition: GUEST/VALUE.

    A name with a slash, which libvirt refuses, would be taken for another guest: such a fix has no goal.
    """
    if not any(name.startswith(DEFINITION) for name, _ in fix.goal):
        return fix
    goals = ((name, f"{guest}/{value}" if name.startswith(DEFINITION) else value) for name, value in fix.goal)
    return replace(fix, goal=() if "/" in guest else tuple(goals))

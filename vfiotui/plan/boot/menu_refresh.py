"""The boot menu, or the unified images, made anew from their sources as they are."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import split
from vfiotui.plan.boot.command_line import make_anew
from vfiotui.plan.draft import Draft, PlanError, Planner


def _draw(draft: Draft, argument: str) -> None:
    """Runs the generator of the loader in use, and looks for the words of its sources."""
    if argument != "refresh":
        raise PlanError(f"{argument!r} is not known: boot.menu=refresh makes the boot menu anew")
    if isinstance(draft.facts.boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {draft.facts.boot}")
    sources = draft.facts.boot.configured
    if isinstance(sources, Unread):
        raise PlanError(f"what the boot menu is made from cannot be read: {sources}")
    make_anew(draft, split(sources.text))
    draft.cmdline = sources.text


PLANNERS = (
    Planner("boot.menu", "refresh", "make the boot menu again from its sources", "Make the boot menu anew", _draw),
)

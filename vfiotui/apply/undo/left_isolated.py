"""Devices that the images of the next boot still give to guests, though the sources do not any more."""

from __future__ import annotations

from vfiotui.apply.steps.path import DRIVER, PARTS
from vfiotui.apply.target import Target
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.next_image import read_boots
from vfiotui.host.gather import gather
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.next_boot import narrowed
from vfiotui.model.change.plan import Plan
from vfiotui.model.pci.binding_state import IDS, OVERRIDE, BindingState
from vfiotui.plan.isolate.binding_state import columns

MARKS = {IDS: b"ids=", OVERRIDE: b"driver_override"}
"""Way to bind → what a plan that uses it writes."""


def left_isolated(target: Target, plan: Plan) -> str:
    """Which of the devices that a plan isolated are still held in every boot that may come next, by an image or an
    entry that was not made anew, as a sentence; empty for none, and where it cannot be read."""
    asked = [want for step in plan.steps if step.kind == "path" for want in step.wants if want.startswith(DRIVER)]
    named = {want.removeprefix(DRIVER) for want in asked}
    if not named:
        return ""
    facts = gather(target.root, Unread("was not asked for", Why.NOT_HERE), PARTS)
    snapshot = read_config_snapshot(target.root, ())
    written = b"".join(step.after or b"" for step in plan.steps if step.kind == "file")
    ways = {way for way, mark in MARKS.items() if mark in written}
    held: set[str] = named
    for boot in read_boots(target.root, facts.boot if isinstance(facts.boot, Unread) else facts.boot.path):
        rows = columns(narrowed(facts, boot), snapshot, boot.image)
        held = held & {row.bdf for row in (() if isinstance(rows, Unread) else rows) if _is_left(row, ways)}
    return f"what starts next still isolates {' and '.join(sorted(held))}: it was not made anew" if held else ""


def _is_left(row: BindingState, ways: set[str]) -> bool:
    """Whether an image or an entry has one of these ways to bind, and nothing configures it."""
    if not isinstance(row.on_disk, str) or not isinstance(row.configured, str):
        return False
    return bool(ways & set(row.on_disk.split(" + ")) - set(row.configured.split(" + ")))

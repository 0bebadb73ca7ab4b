"""Whether there is room for what commands build, and for what is kept of it: asked before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.apply.room import MIB, free_at, short, size_of
from vfiotui.apply.steps.command import products
from vfiotui.apply.target import Target
from vfiotui.host.boot.mounts import mount_points

LARGE = MIB
"""Bytes: what is larger is an image, which grows by the modules that are added to it."""
GROWTH = 2 * MIB
"""Bytes by which an image may grow: vfio's modules take about 1 MiB, packed less."""
SPARE = 64 << 10
"""Bytes that stay free: names, notes and the journal take blocks too."""


def _on_boot(target: Target, device: int) -> bool:
    """Whether the journal's file system is one that is mounted for what starts the system."""
    points = (p for p in mount_points() if p.startswith(target.folder))
    inside = {p[len(target.folder.rstrip("/")) :] or "/" for p in points}
    boots = [p for p in inside if p in ("/boot", "/efi") or p.startswith(("/boot/", "/efi/"))]
    return any(free_at(target.place(p) / "x")[0] == device for p in boots)


def problems(target: Target, commands: Iterable[tuple[str, ...]]) -> list[str]:
    """What room is missing for commands that write files of these patterns, each as a sentence.

    An image is built beside the old one, which goes then; a kept copy of each lies in the journal.
    """
    building: dict[int, tuple[int, int, str]] = {}
    kept = 0
    for patterns in commands:
        for place in products(target, patterns).values():
            size = size_of(place)
            device, free = free_at(place)
            growth = GROWTH if size > LARGE else 0
            largest, grown, where = building.get(device, (0, 0, place.above.path))
            building[device] = (max(largest, size), grown + growth, where)
            kept += size
    journal, free_for_kept = free_at(target.journal)
    found = []
    if kept and _on_boot(target, journal):
        found.append(
            f"{target.journal} lies on the file system of /boot: what is kept would take the room of the images"
        )
    elif kept + SPARE > free_for_kept and kept:
        found.append(short(target.journal.path, free_for_kept, kept + SPARE, "for what is kept"))
    for device, (largest, grown, where) in building.items():
        _, free = free_at(target.place(where) / "x")
        wanted = largest + grown + SPARE + (kept if device == journal else 0)
        if largest > LARGE and wanted > free:
            found.append(short(where, free, wanted, "while the images are built"))
    return found

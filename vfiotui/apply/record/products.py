"""The files that match the patterns of a command's products."""

from __future__ import annotations

import fnmatch
import os

from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place

KEPT_KINDS = ("file", "link")
OTHER_KINDS = ("other",)
"""FIFOs, devices and sockets: they are never opened, kept or removed."""


def products(target: Target, patterns: tuple[str, ...], kinds: tuple[str, ...] = KEPT_KINDS) -> dict[str, Place]:
    """Paths inside the root that match the patterns now, and where they lie; only the last name may be a pattern."""
    found: dict[str, Place] = {}
    for pattern in patterns:
        folder, name = os.path.split(pattern)
        place = target.real_place(folder)
        try:
            names = sorted(disk.names(place))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in fnmatch.filter(names, name.replace("[", "[[]")):
            hidden = entry.startswith(".") and not name.startswith(".")
            if hidden or entry.startswith(".vfiotui-") or disk.kind(place / entry) not in kinds:
                continue
            found[(place / entry).path] = place / entry
    return found


def shell_pattern(name: str) -> str:
    """The same pattern for a shell, to which brackets and backslashes mean something too."""
    return name.replace("\\", "\\\\").replace("[", "[[]")

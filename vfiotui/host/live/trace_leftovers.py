"""Instances of tracefs that a killed process of ours could not remove."""

from __future__ import annotations

import contextlib
import os

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else

PLACES = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
PREFIX = "vfiotui-"
"""An instance is called so, with the id of the process that it serves."""


def leftovers(root: Root) -> tuple[str, ...]:
    """Instances of ours whose process has ended; none where tracefs cannot be seen."""
    found = []
    for folder in PLACES:
        for name in or_else(root.names(f"{folder}/instances"), ()):
            pid = name.removeprefix(PREFIX).partition("-")[0]
            if name.startswith(PREFIX) and pid.isdigit() and root.exists(f"/proc/{pid}") is False:
                found.append(f"{folder}/instances/{name}")
    return tuple(found)


def remove_leftovers(root: Root) -> tuple[str, ...]:
    """Removes them; those that were removed."""
    removed = []
    for path in leftovers(root) if root.is_live and os.geteuid() == 0 else ():
        with contextlib.suppress(OSError):
            os.rmdir(path)
            removed.append(path)
    return tuple(removed)

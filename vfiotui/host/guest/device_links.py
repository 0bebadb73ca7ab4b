"""The lasting names of devices: links that udev makes below /dev (persistent storage and input rules)."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread

FOLDERS = ("/dev/disk/by-id", "/dev/input/by-id")
MOST = 4096
"""Links that are followed; a host with more has a folder that something else fills."""


def read(root: Root, folder: str) -> Reading[Mapping[str, str]]:
    """Each link of a folder with the device that it leads to; links that lead nowhere are left out."""
    names = root.names(folder)
    if isinstance(names, Unread):
        return names
    found: dict[str, str] = {}
    for name in names[:MOST]:
        path = f"{folder}/{name}"
        real = root.real(path)
        if not isinstance(real, Unread) and real != path:
            found[path] = real
    return found

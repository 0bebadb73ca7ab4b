"""The room on a file system of a root."""

from __future__ import annotations

import os

from vfiotui.host.root.reasons import unread
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why


def free_bytes(root: Root, folder: str) -> Reading[int]:
    """The bytes that users other than root have free on the file system of a folder (statvfs(3), f_bavail).

    Only the running system and a mounted disk have it: a capture lies on another file system.
    """
    if root.mode not in (Mode.LIVE, Mode.ROOT):
        return Unread("only the host itself shows the room on its disks", Why.NOT_HERE, folder)
    try:
        found = os.statvfs(root.tree.where(folder))
    except (OSError, ValueError) as error:
        return unread(error, folder)
    return found.f_bavail * found.f_frsize

"""Looks at the paths that a goal names for a guest: images, media, folders."""

from __future__ import annotations

from vfiotui.host.guest.guest_files import SECONDS, state
from vfiotui.host.root.free_room import free_bytes
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.guest.named_place import NamedPlace


def read(root: Root, path: str) -> NamedPlace:
    """What is at an absolute path; a sick file system is given up after some seconds."""
    found = state(root, path)
    if isinstance(found, Unread):
        return NamedPlace(path, found, free_bytes=_room(root, path))
    return NamedPlace(path, found, real=or_else(root.real(path), path))


def _room(root: Root, path: str) -> Reading[int]:
    """The room in the folder of a path, or in the nearest one above that is there."""
    folder = path.rpartition("/")[0] or "/"
    while folder != "/" and root.exists(folder) is False:
        folder = folder.rpartition("/")[0] or "/"
    return root.within(lambda: free_bytes(root, folder), SECONDS, folder) if root.is_live else free_bytes(root, folder)

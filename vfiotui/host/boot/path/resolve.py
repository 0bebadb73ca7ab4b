"""The boot path of a root, by the loader that starts it."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.path import BootPath


def find_path(root: Root, loader: Loader) -> Reading[BootPath]:
    """What the next boot will really load; Unread where this loader's files cannot be followed, with the reason."""
    match loader.name:
        case "unknown":
            return Unread("the boot loader is not known", Why.NOT_HERE)
    return Unread(f"the entries of {loader.name} are not followed", Why.NOT_HERE)

"""The configuration of the X server, as far as an administrator has written one."""

from __future__ import annotations

from vfiotui.host.root import config_files
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import ConfigFile

MAIN, FOLDER = "/etc/X11/xorg.conf", "/etc/X11/xorg.conf.d"


def read(root: Root) -> Reading[tuple[ConfigFile, ...]]:
    """Its files; none where there are none, Unread where the root shows no /etc."""
    if not root.has("etc"):
        return Unread("this root has no /etc", Why.NOT_HERE, FOLDER)
    return (*config_files.one(root, MAIN), *config_files.folder(root, FOLDER, ".conf"))

"""Whether this user can use /dev/kvm."""

from __future__ import annotations

import os

from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why

DEVICE = "/dev/kvm"


def read(root: Root) -> Reading[bool]:
    """True where the device is there and, on the live host, may be opened; Unread where only others may open it."""
    found = root.exists(DEVICE)
    if root.is_live and found is True and not os.access(root.tree.where(DEVICE), os.R_OK | os.W_OK):
        return Unread("may not be opened by this user", Why.FORBIDDEN, DEVICE)
    said = root.said
    if said is not None and "kvm" in said.unread:
        return said.unread["kvm"]
    if root.origin is Mode.ROOT or (found is False and not root.is_live and root.exists("/dev") is not True):
        return Unread("the devices of this root are not visible", Why.NOT_HERE, DEVICE)
    return found

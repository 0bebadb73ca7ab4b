"""Where the guests of users' own sessions are defined: each user's libvirt keeps them in the user's home.

The folders follow the XDG base directories (libvirt.org/uri.html, "Local hypervisor URIs"): definitions in
~/.config/libvirt/qemu, the state of running guests in /run/user/UID/libvirt/qemu/run.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else

MOST = 256
"""So many users are looked at; hosts with more have their users elsewhere."""
PERSON = 1000
"""The first number of a person; below it only root has guests (login.defs, UID_MIN)."""
HOME = re.compile(r"(?:/[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]*)+")
"""A folder of plain names: what else stands there leads somewhere else, or nowhere."""


class Session(NamedTuple):
    """One user who may have guests."""

    user: str
    defined: str
    running: str


def sessions(root: Root) -> tuple[Session, ...]:
    """The users of /etc/passwd whose home holds definitions; a home that may not be looked into shows none."""
    found = []
    for line in or_else(root.lines("/etc/passwd", 1 << 20), ()):
        words = line.split(":")
        number = words[2] if len(words) > 5 and words[2].isascii() and words[2].isdigit() else ""
        if not number or len(number) > 10 or not HOME.fullmatch(words[5]) or 0 < int(number) < PERSON:
            continue
        folder = f"{words[5]}/.config/libvirt/qemu"
        if root.exists(folder) is True:
            found.append(Session(words[0], folder, f"/run/user/{number}/libvirt/qemu/run"))
        if len(found) == MOST:
            break
    return tuple(found)

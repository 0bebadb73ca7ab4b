"""Root runs no program out of a folder that somebody else may write to, whoever's PATH it was given.

`sudo -E`, `su` without `-` and many a sudoers file hand a user's PATH to root: journalctl, virsh and the packers would
be looked for in folders where that user can put another program of the name.
"""

from __future__ import annotations

import os
import stat

SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Folders of the system itself; Debian lets the group staff write to some of them."""


def is_roots(folder: str) -> bool:
    """Whether a folder and all above it, links followed, can be changed by root only."""
    try:
        place = os.path.realpath(folder, strict=True)
        while True:
            found = os.stat(place)
            # In a folder with the sticky bit nobody else can put another thing in the place of root's.
            shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
            if found.st_uid != 0 or shared:
                return False
            if place == "/":
                return True
            place = os.path.dirname(place)
    except OSError:
        return False


def own_path(path: str) -> str:
    """The folders of a PATH from which root may run programs, in their order; the system's where there is none.

    >>> own_path("/usr/bin:relative::/tmp:/sbin")
    '/usr/bin:/sbin'
    """
    kept = [f for f in path.split(":") if f in SYSTEM or (f.startswith("/") and is_roots(f) and not _is_shared(f))]
    return ":".join(kept or SYSTEM)


def _is_shared(folder: str) -> bool:
    """Whether others may put new names there, as into /tmp."""
    return bool(os.stat(folder).st_mode & (stat.S_IWGRP | stat.S_IWOTH))

"""A name on the disk of a machine that is changed: reached by descriptors, never by a joined path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vfiotui.host.root.walk import Top, straight


@dataclass(frozen=True, slots=True)
class Place:
    """One name in one folder below the top of a system; nothing need be there.

    Its path has no links in its folders: where one stands there later, nothing is reached through it.
    """

    top: Top
    path: str
    """Inside the root, absolute."""

    def __str__(self) -> str:
        """For messages."""
        return self.path

    @property
    def name(self) -> str:
        """The last component; "." for the top itself."""
        return self.path.rpartition("/")[2] or "."

    @property
    def above(self) -> Place:
        """The folder that it lies in."""
        return Place(self.top, self.path.rpartition("/")[0] or "/")

    @property
    def is_top(self) -> bool:
        """Whether it is the top of the system."""
        return self.path == "/"

    def __truediv__(self, name: str) -> Place:
        """What lies below it; ValueError for what is no single name."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"{name!r} is no single name")
        return Place(self.top, f"{self.path.rstrip('/')}/{name}")

    def beside(self, name: str) -> Place:
        """Another name in the same folder."""
        return self.above / name

    @contextmanager
    def folder(self) -> Iterator[int]:
        """The folder that it lies in, open (O_PATH): for calls with `dir_fd` and `name`.

        OSError where it is not there, or where a link is on the way (ELOOP).
        """
        fd = straight(self.top.fd, self.path.rpartition("/")[0])
        try:
            yield fd
        finally:
            os.close(fd)

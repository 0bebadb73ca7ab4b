"""Where the bytes behind a Root come from: the running system or a folder that answers for a whole system."""

from __future__ import annotations

import errno
import os
import stat as stat_bits
from typing import Protocol

from vfiotui.host.root.walk import FOLLOW, LIST, LOOK, READ, Top, opened, real
from vfiotui.model.base.reading import Why
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Stat:
    """What a Root tells of one name."""

    kind: str
    """file, directory, link or other."""
    size: int
    mode: int
    mtime: float
    owner: int = -1
    """User and group by number; -1 where the tree keeps none."""
    group: int = -1


class NotCaptured(OSError):
    """A capture does not hold this: whether it is there on its host is not known, or what its reader said there."""

    def __init__(self, reason: str = "is not in the capture", why: Why = Why.NOT_HERE) -> None:
        super().__init__(errno.ENOENT, reason)
        self.reason = reason
        self.why = why


class Tree(Protocol):
    """A file system that can be read by absolute paths; every method raises OSError when it cannot."""

    def read(self, path: str, limit: int) -> bytes:
        """At most `limit` + 1 bytes of a regular file, links followed."""

    def names(self, path: str) -> list[str]:
        """The names in a directory, links followed."""

    def readlink(self, path: str) -> str:
        """The text of a symbolic link."""

    def real(self, path: str) -> str:
        """The path without symbolic links; it exists."""

    def stat(self, path: str, follow: bool) -> Stat:
        """What the name is."""

    def open(self, path: str) -> int:
        """A descriptor for repeated reading from offset 0; the caller closes it."""

    def where(self, path: str) -> str:
        """Where it is found on the running system, for messages."""


def kind_of(mode: int) -> str:
    """file, directory, link or other."""
    if stat_bits.S_ISREG(mode):
        return "file"
    if stat_bits.S_ISDIR(mode):
        return "directory"
    return "link" if stat_bits.S_ISLNK(mode) else "other"


def regular_size(fd: int) -> int:
    """The size of an open regular file.

    A device node, socket or FIFO is refused, so that nothing outside a file system answers.
    """
    found = os.fstat(fd)
    if stat_bits.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if not stat_bits.S_ISREG(found.st_mode):
        raise OSError(errno.ENXIO, "is no regular file")
    return found.st_size


def read_descriptor(fd: int, limit: int) -> bytes:
    """Reads an open regular file to its end or to `limit` + 1 bytes."""
    regular_size(fd)
    chunks: list[bytes] = []
    left = limit + 1
    while left > 0:
        chunk = os.read(fd, min(left, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


class LiveTree:
    """The running system; the kernel resolves paths."""

    def read(self, path: str, limit: int) -> bytes:
        fd = self.open(path)
        try:
            return read_descriptor(fd, limit)
        finally:
            os.close(fd)

    def names(self, path: str) -> list[str]:
        return os.listdir(path)

    def readlink(self, path: str) -> str:
        return os.readlink(path)

    def real(self, path: str) -> str:
        return os.path.realpath(path, strict=True)

    def stat(self, path: str, follow: bool) -> Stat:
        found = os.stat(path, follow_symlinks=follow)
        return Stat(kind_of(found.st_mode), found.st_size, found.st_mode, found.st_mtime, found.st_uid, found.st_gid)

    def open(self, path: str) -> int:
        return os.open(path, READ)

    def open_folder(self, path: str) -> int:
        """A descriptor for repeated listing; the caller closes it."""
        return os.open(path, LIST)

    def where(self, path: str) -> str:
        return path


class FolderTree:
    """A folder that stands for a whole system: absolute links and `..` stay inside it.

    Every path is walked from one descriptor of the folder (see host.walk), so that no link in a hostile folder reaches
    the running system; nothing but regular files and folders is opened.
    """

    def __init__(self, prefix: str) -> None:
        """OSError where the folder cannot be opened."""
        self.prefix = os.path.realpath(prefix).rstrip("/")
        self.top = Top(self.prefix or "/")

    def read(self, path: str, limit: int) -> bytes:
        fd = self.open(path)
        try:
            return read_descriptor(fd, limit)
        finally:
            os.close(fd)

    def names(self, path: str) -> list[str]:
        fd = self.open_folder(path)
        try:
            return os.listdir(fd)
        finally:
            os.close(fd)

    def readlink(self, path: str) -> str:
        fd = opened(self.top.fd, path, LOOK)
        try:
            return os.readlink("", dir_fd=fd)
        except FileNotFoundError as error:
            # The kernel's word for a descriptor that is of no link.
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path) from error
        finally:
            os.close(fd)

    def real(self, path: str) -> str:
        return real(self.top.fd, path)

    def stat(self, path: str, follow: bool) -> Stat:
        fd = opened(self.top.fd, path, FOLLOW if follow else LOOK)
        try:
            found = os.fstat(fd)
        finally:
            os.close(fd)
        return Stat(kind_of(found.st_mode), found.st_size, found.st_mode, found.st_mtime, found.st_uid, found.st_gid)

    def open(self, path: str) -> int:
        # A device of a foreign disk may do something when it is opened: it is looked at first.
        fd = opened(self.top.fd, path, FOLLOW)
        try:
            regular_size(fd)
        finally:
            os.close(fd)
        return opened(self.top.fd, path, READ)

    def open_folder(self, path: str) -> int:
        return opened(self.top.fd, path, LIST)

    def where(self, path: str) -> str:
        return self.prefix + real(self.top.fd, path)

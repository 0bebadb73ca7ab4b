"""Where the bytes behind a Root come from: the running system or a folder that answers for a whole system."""

from __future__ import annotations

import errno
import os
import stat as stat_bits
from typing import Protocol

from vfiotui.model.value import dataclass

HOPS = 40
"""Symlinks followed in one path, as the kernel does (path_resolution(7))."""


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
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)

    def where(self, path: str) -> str:
        return path


class FolderTree:
    """A folder that stands for a whole system: absolute links and `..` stay inside it.

    Every component is looked at without following it, so that no link in a hostile folder
    reaches the running system. Folders without links in their path are remembered.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = os.path.realpath(prefix).rstrip("/")
        self._folders: dict[str, str] = {"": ""}

    def _resolve(self, path: str, follow_last: bool = True) -> str:
        """The real path inside the folder ("" is its top); the last component may be absent."""
        done = ""
        todo = [p for p in reversed(path.split("/")) if p]
        hops = 0
        while todo:
            name = todo.pop()
            if name == ".":
                continue
            if name == "..":
                done = done.rpartition("/")[0]
                continue
            step = f"{done}/{name}"
            if todo and step in self._folders:
                done = self._folders[step]
                continue
            try:
                mode = os.lstat(self.prefix + step).st_mode
            except FileNotFoundError:
                if todo:
                    raise
                return step
            if stat_bits.S_ISLNK(mode) and (todo or follow_last):
                hops += 1
                if hops > HOPS:
                    raise OSError(errno.ELOOP, "too many symbolic links")
                target = os.readlink(self.prefix + step)
                if target.startswith("/"):
                    done = ""
                todo.extend(p for p in reversed(target.split("/")) if p)
                continue
            if todo and not stat_bits.S_ISDIR(mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a directory")
            if stat_bits.S_ISDIR(mode):
                self._folders[step] = step
            done = step
        return done

    def read(self, path: str, limit: int) -> bytes:
        fd = self.open(path)
        try:
            return read_descriptor(fd, limit)
        finally:
            os.close(fd)

    def names(self, path: str) -> list[str]:
        return os.listdir(self.where(path))

    def readlink(self, path: str) -> str:
        return os.readlink(self.prefix + self._resolve(path, follow_last=False))

    def real(self, path: str) -> str:
        real = self._resolve(path)
        os.lstat(self.prefix + real)
        return real or "/"

    def stat(self, path: str, follow: bool) -> Stat:
        found = os.lstat(self.prefix + (self._resolve(path, follow_last=follow) or "/"))
        return Stat(kind_of(found.st_mode), found.st_size, found.st_mode, found.st_mtime, found.st_uid, found.st_gid)

    def open(self, path: str) -> int:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
        return os.open(self.where(path), flags)

    def where(self, path: str) -> str:
        return self.prefix + (self._resolve(path) or "/")

"""What readers ask of a machine: every path, and what became of the question; a capture is made of it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Mapping

from vfiotui.host.root.tree import Stat, Tree


class RecordingTree:
    """Answers as another tree does, and keeps what it was asked."""

    def __init__(self, tree: Tree, moving: Mapping[str, Callable[[], bytes]]) -> None:
        self._tree = tree
        self._moving = moving
        self._lock = threading.Lock()
        self.read_paths: dict[str, int] = {}
        """Files that were read → 0, or the errno of the failure; ETIMEDOUT while there is no answer."""
        self.listed: dict[str, tuple[str, ...]] = {}
        """Folders that were listed."""
        self.failed: dict[str, int] = {}
        """Paths about which a question failed → errno."""
        self.seen: set[str] = set()
        """All paths that were asked about."""
        self.acl: set[str] = set()

    def _failed(self, path: str, error: OSError | ValueError) -> int:
        return (error.errno or errno.EIO) if isinstance(error, OSError) else errno.EINVAL

    def read(self, path: str, limit: int) -> bytes:
        with self._lock:
            self.seen.add(path)
            self.read_paths.setdefault(path, errno.ETIMEDOUT)
        try:
            data = self._moving[path]() if path in self._moving else self._tree.read(path, limit)
        except (OSError, ValueError) as error:
            self.read_paths[path] = self._failed(path, error)
            raise
        self.read_paths[path] = errno.EFBIG if len(data) > limit else 0
        return data

    def names(self, path: str) -> list[str]:
        self.seen.add(path)
        try:
            names = self._tree.names(path)
        except (OSError, ValueError) as error:
            self.failed[f"{path.rstrip('/')}/"] = self._failed(path, error)
            raise
        self.listed[path] = tuple(names)
        return names

    def readlink(self, path: str) -> str:
        self.seen.add(path)
        return self._tree.readlink(path)

    def real(self, path: str) -> str:
        self.seen.add(path)
        return self._tree.real(path)

    def stat(self, path: str, follow: bool) -> Stat:
        self.seen.add(path)
        if path in self._moving:
            return Stat("file", 0, 0o100444, 0.0)
        try:
            return self._tree.stat(path, follow)
        except (OSError, ValueError) as error:
            self.failed[path] = self._failed(path, error)
            raise

    def open(self, path: str) -> int:
        self.seen.add(path)
        if path in self._moving:
            fd = os.memfd_create("vfiotui")
            os.write(fd, self._moving[path]())
            self.read_paths[path] = 0
            return fd
        try:
            fd = self._tree.open(path)
        except (OSError, ValueError) as error:
            self.read_paths[path] = self._failed(path, error)
            raise
        self.read_paths[path] = 0
        return fd

    def where(self, path: str) -> str:
        return self._tree.where(path)

"""A file system held in memory: the demo machine and opened captures, with nothing of them on disk."""

from __future__ import annotations

import errno
import os
import stat as stat_bits

from vfiotui.host.root.tree import Stat
from vfiotui.host.root.walk import HOPS
from vfiotui.model.base.nodes import File, Folder, Node, Nodes, Symlink


class MemoryTree:
    """Answers like a folder tree; links never lead outside because there is no outside."""

    def __init__(self, nodes: Nodes) -> None:
        """`nodes` may leave out directories above its entries."""
        self._nodes: dict[str, Node] = dict(nodes)
        self._names: dict[str, list[str]] = {"": []}
        self._folders: dict[str, str] = {}
        """Folders that were resolved before: a machine's files lie close together, and nothing moves."""
        for path in list(self._nodes):
            self._adopt(path)

    def _adopt(self, path: str) -> None:
        """Makes the path known to its directory, and that to the one above."""
        while path:
            above, _, name = path.rpartition("/")
            if isinstance(self._nodes.setdefault(path, Folder()), Folder):
                self._names.setdefault(path, [])
            known = above in self._names
            self._names.setdefault(above, []).append(name)
            if known:
                return
            path = above

    def _resolve(self, path: str, follow_last: bool = True) -> str:
        above, _, name = path.rpartition("/")
        real = self._folders.get(above)
        if real is not None and name not in ("", ".", ".."):
            node = self._nodes.get(f"{real}/{name}")
            if node is not None and not (follow_last and isinstance(node, Symlink)):
                return f"{real}/{name}"
        found = self._walk(path, follow_last)
        if real is None:
            self._folders[above] = self._walk(above, True)
        return found

    def _missing(self, step: str) -> OSError:
        """What is raised where no node has a path and its folder has one."""
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def _walk(self, path: str, follow_last: bool) -> str:
        if "\0" in path:
            raise ValueError("embedded null byte")
        done = ""
        todo = [p for p in reversed(path.split("/")) if p and p != "."]
        hops = 0
        while todo:
            name = todo.pop()
            if name == "..":
                done = done.rpartition("/")[0]
                continue
            step = f"{done}/{name}"
            node = self._nodes.get(step)
            if node is None:
                raise self._missing(step)
            if isinstance(node, Symlink) and (todo or follow_last):
                hops += 1
                if hops > HOPS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                if node.target.startswith("/"):
                    done = ""
                todo.extend(p for p in reversed(node.target.split("/")) if p and p != ".")
                continue
            if todo and not isinstance(node, Folder):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            done = step
        return done

    def _file(self, path: str) -> File:
        node = self._nodes.get(self._resolve(path), Folder())
        if isinstance(node, Folder):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        assert isinstance(node, File)
        if not node.mode & 0o444:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return node

    def read(self, path: str, limit: int) -> bytes:
        return self._file(path).data[: limit + 1]

    def names(self, path: str) -> list[str]:
        real = self._resolve(path)
        if real not in self._names:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return list(self._names[real])

    def readlink(self, path: str) -> str:
        node = self._nodes.get(self._resolve(path, follow_last=False))
        if not isinstance(node, Symlink):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return node.target

    def real(self, path: str) -> str:
        return self._resolve(path) or "/"

    def stat(self, path: str, follow: bool) -> Stat:
        node = self._nodes.get(self._resolve(path, follow_last=follow), Folder())
        match node:
            case File(data, mode, mtime):
                return Stat("file", len(data), stat_bits.S_IFREG | mode, mtime)
            case Symlink(target):
                return Stat("link", len(target), stat_bits.S_IFLNK | 0o777, 0.0)
            case Folder(mode):
                return Stat("directory", 0, stat_bits.S_IFDIR | mode, 0.0)

    def open(self, path: str) -> int:
        """A descriptor that reads the file's bytes, from anonymous memory."""
        data = self._file(path).data
        fd = os.memfd_create("vfiotui")
        os.write(fd, data)
        return fd

    def where(self, path: str) -> str:
        return path

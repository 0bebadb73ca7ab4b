"""A growing file system of nodes, with the spellings that sysfs uses."""

from __future__ import annotations

from vfiotui.model.base.nodes import File, Folder, Node, Symlink


class TreeBuilder:
    """Collects files, links and folders by absolute path."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def file(self, path: str, content: str | bytes | int, mode: int = 0o644, mtime: float = 0.0) -> None:
        """A file; texts and numbers end in a newline, as in sysfs."""
        data = content if isinstance(content, bytes) else f"{content}\n".encode()
        self.nodes[path] = File(data, mode, mtime)

    def files(self, folder: str, **contents: str | bytes | int) -> None:
        """Several files of one folder."""
        for name, content in contents.items():
            self.file(f"{folder}/{name}", content)

    def link(self, path: str, target: str) -> None:
        """A symbolic link; an absolute target is spelt relatively, as sysfs does."""
        if target.startswith("/"):
            target = "../" * (path.count("/") - 1) + target[1:]
        self.nodes[path] = Symlink(target)

    def absolute(self, path: str, target: str) -> None:
        """A symbolic link whose text is kept: those of /proc and of systemd are not relative."""
        self.nodes[path] = Symlink(target)

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A folder that may be empty, or whose mode matters."""
        self.nodes.setdefault(path, Folder(mode))

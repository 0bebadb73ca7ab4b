"""Configuration folders as the tools read them: in order, bounded, with the shadowing of same names."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.host.root import Root
from vfiotui.model.boot import ConfigFile
from vfiotui.model.reading import Reading, Unread, Why, or_else

FILE_LIMIT = 256 << 10
COUNT_LIMIT = 500
FOLDERS = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
"""The search order of modprobe.d, sysctl.d and modules-load.d; the first file of a name hides the others."""


def one(root: Root, path: str) -> tuple[ConfigFile, ...]:
    """The file, or nothing where it cannot be read. Its line ends stay: kmod joins no line before a CR."""
    data = root.bytes(path, FILE_LIMIT)
    if isinstance(data, Unread):
        return ()
    return (ConfigFile(path, data.decode("utf-8", "replace").replace("\0", "").rstrip("\r\n")),)


def several(root: Root, paths: Iterable[str]) -> tuple[ConfigFile, ...]:
    """Those of the files that can be read."""
    return tuple(f for path in paths for f in one(root, path))


def folder(root: Root, path: str, suffix: str = "") -> tuple[ConfigFile, ...]:
    """The files of a folder in order of their names."""
    names = [n for n in or_else(root.names(path), ()) if n.endswith(suffix) and not n.startswith(".")]
    return several(root, (f"{path}/{n}" for n in names[:COUNT_LIMIT]))


def layered(root: Root, name: str, suffix: str = ".conf") -> tuple[ConfigFile, ...]:
    """The files of a folder such as modprobe.d that are in force, in the order in which they are read."""
    chosen: dict[str, str] = {}
    for top in FOLDERS:
        for entry in or_else(root.names(f"{top}/{name}"), ()):
            if entry.endswith(suffix):
                chosen.setdefault(entry, f"{top}/{name}/{entry}")
    return several(root, (chosen[entry] for entry in sorted(chosen)[:COUNT_LIMIT]))


def all_seen(root: Root, folders: Iterable[str]) -> Reading[bool]:
    """Whether a missing file of these folders is missing indeed: /etc is shown, and nothing in them is refused."""
    if not root.has("etc"):
        return Unread("is not shown here", Why.NOT_HERE, "/etc")
    for path in folders:
        names = root.names(path)
        if isinstance(names, Unread):
            if names.why is not Why.ABSENT:
                return names
            continue
        for name in names[:COUNT_LIMIT]:
            head = root.bytes(f"{path}/{name}", FILE_LIMIT)
            if isinstance(head, Unread) and head.why is Why.FORBIDDEN:
                return head
    return True

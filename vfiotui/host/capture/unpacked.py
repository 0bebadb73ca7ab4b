"""A capture that was unpacked into a folder: the same machine as in its file, under the same limits.

The folder is read as if it were packed: links are taken as links and never followed, and what is neither a file, a
folder nor a link is passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from vfiotui.formats.records.tar import Kind, Member
from vfiotui.host.root.archive import ONE_FILE, UNPACKED, BadArchive, Unpacking, machine
from vfiotui.host.root.root import Root
from vfiotui.host.root.user_file import CannotRead, read_file


class _Members:
    """What lies below a folder, as the members of an archive."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""
        self._room = UNPACKED

    def __iter__(self) -> Iterator[Member]:
        """Folders before what is in them, names in order; OSError where a folder cannot be listed."""
        todo = [""]
        while todo:
            place = todo.pop()
            with os.scandir(f"{self._folder}/{place}") as entries:
                found = sorted(entries, key=lambda e: e.name)
            for entry in found:
                name = f"{place}/{entry.name}".lstrip("/")
                member = self._member(entry, name)
                if member.kind is Kind.FOLDER:
                    todo.append(name)
                yield member

    def _member(self, entry: os.DirEntry[str], name: str) -> Member:
        is_link = entry.is_symlink()
        self._path = entry.path
        found = entry.stat(follow_symlinks=False)
        target = os.readlink(entry.path) if is_link else ""
        kinds = ((stat.S_ISREG, Kind.FILE), (stat.S_ISDIR, Kind.FOLDER), (stat.S_ISLNK, Kind.SYMLINK))
        kind = next((kind for test, kind in kinds if test(found.st_mode)), Kind.OTHER)
        size = found.st_size if kind is Kind.FILE else 0
        return Member(name, kind, size, stat.S_IMODE(found.st_mode), found.st_mtime, target)

    def body(self) -> bytes:
        """The content of the file that came last; of one that is closed to everybody none."""
        if not os.access(self._path, os.R_OK):
            return b""
        data = read_file(self._path, ONE_FILE)
        self._room -= len(data)
        if self._room < 0:
            raise BadArchive(f"{self._folder} holds more than {UNPACKED >> 20} MiB: this is no capture of a host")
        return data


def open_folder(folder: str) -> Root:
    """The machine of an unpacked capture; raises BadArchive with a sentence."""
    unpacking = Unpacking(_Members(folder), folder)
    try:
        unpacking.add_all()
    except CannotRead as error:
        raise BadArchive(str(error)) from error
    except OSError as error:
        raise BadArchive(f"{folder} cannot be read: {(error.strerror or str(error)).lower()}") from error
    return machine(unpacking.nodes, folder)

"""What lies where the system starts from: every file of /boot and of the mounted EFI partitions, by its status.

A generator writes where its own configuration says, which nobody may have foreseen: so all of it is recorded and kept
before the first one runs, and compared afterwards.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping

from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.host.boot.mounts import points_of_type

PLACES = ("/boot", "/efi")
"""With the EFI partitions that are mounted elsewhere, such as Proxmox's or a /boot/efi2."""
FAT = "vfat"
LARGEST = 1 << 30
"""Bytes: what is larger is no boot image, but a rescue system's disk; it is recorded and not kept."""
DEPTH = 12
"""Folders below each other; links are not followed."""
MOST = 50_000
"""Names that are recorded; a /boot holds hundreds."""
STATE = frozenset({"grubenv", "random-seed", "PreviousBoot", "LastBooted"})
"""Files that every start of the system writes: another content since the change is no edit of a person."""


def places(target: Target) -> tuple[Place, ...]:
    """The folders that are recorded, without those that lie in another one of them."""
    prefix = target.folder.rstrip("/")
    mounted = (p[len(prefix) :] or "/" for p in points_of_type(FAT) if f"{p}/".startswith(f"{prefix}/"))
    found: list[Place] = []
    for path in (*PLACES, *sorted(mounted)):
        place = target.real_place(path)
        inside = any(f"{place.path}/".startswith(f"{other.path.rstrip('/')}/") for other in found)
        if not place.is_top and not inside and disk.kind(place) == "directory":
            found.append(place)
    return tuple(found)


def look(target: Target) -> dict[str, os.stat_result]:
    """Every file and link there now, by its path inside the root; what cannot be listed is left out."""
    return _look(target)[0]


def look_at_folders(target: Target) -> dict[str, os.stat_result]:
    """Every folder there now, likewise, without the places themselves."""
    return _look(target)[1]


def _look(target: Target) -> tuple[dict[str, os.stat_result], dict[str, os.stat_result]]:
    files: dict[str, os.stat_result] = {}
    folders: dict[str, os.stat_result] = {}
    journal = target.journal.path
    for place in places(target):
        _below(place, journal, DEPTH, files, folders)
    return files, folders


def _below(
    place: Place, journal: str, depth: int, found: dict[str, os.stat_result], seen: dict[str, os.stat_result]
) -> None:
    try:
        fd = disk.open_folder(place)
    except OSError:
        return
    folders = []
    try:
        with os.scandir(fd) as entries:
            for entry in entries:
                if entry.name.startswith(".vfiotui-") or len(found) + len(seen) >= MOST:
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    folders.append(entry.name)
                    seen[(place / entry.name).path] = status
                elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                    found[(place / entry.name).path] = status
    except OSError:
        return
    finally:
        os.close(fd)
    for name in sorted(folders) if depth else ():
        if (place / name).path != journal:
            _below(place / name, journal, depth - 1, found, seen)


def sign(status: os.stat_result | None) -> str:
    """A status as a word: another one wherever the file was written, replaced, or given other metadata."""
    if status is None:
        return ""
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def differing(before: Mapping[str, str], now: Mapping[str, os.stat_result]) -> set[str]:
    """The paths whose signs differ, those that came and those that went."""
    return {p for p in before.keys() | now.keys() if before.get(p, "") != sign(now.get(p))}


def kept_size(found: Iterable[os.stat_result]) -> int:
    """The bytes that keeping these files takes."""
    return sum(s.st_size for s in found if stat.S_ISREG(s.st_mode) and s.st_size <= LARGEST)


def is_kept(status: os.stat_result) -> bool:
    """Whether a recorded file is kept as well."""
    return not stat.S_ISREG(status.st_mode) or status.st_size <= LARGEST

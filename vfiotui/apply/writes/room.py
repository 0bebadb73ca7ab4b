"""Room on the disks: what is free, and what a file needs that takes the place of another one."""

from __future__ import annotations

import os

from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place

MIB = 1 << 20


def size_of(place: Place) -> int:
    """The bytes of a regular file, 0 for anything else."""
    return disk.stat_of(place).st_size if disk.kind(place) == "file" else 0


def free_at(place: Place) -> tuple[int, int]:
    """The device of the file system on which a place lies, or would lie, and the bytes that root has free there."""
    with disk.nearest(place) as (_, fd):
        found = os.statvfs(fd)
        return os.fstat(fd).st_dev, found.f_bavail * found.f_frsize


def _in_mib(size: int) -> str:
    return f"{max(size, 0) / MIB:.1f} MiB"


def short(where: str, free: int, wanted: int, why: str) -> str:
    """The sentence of a disk that is too full."""
    return (
        f"{where} has {_in_mib(free)} free and needs {_in_mib(wanted)} {why}: {_in_mib(wanted - free)} are missing, "
        "make room there"
    )


def must_fit(place: Place, size: int) -> str | None:
    """Why a file of this size does not fit where another one goes away for it, as a sentence; None where it does."""
    _, free = free_at(place)
    found = disk.stat_of(place) if disk.kind(place) == "file" else None
    gone = found.st_blocks * 512 if found is not None and found.st_nlink == 1 else 0
    return None if size <= free + gone else short(place.above.path, free + gone, size, f"for {place.name}")

"""A name changes what it holds only where it holds what it should: an edit made at the last instant is not lost.

renameat2(2) exchanges two names, or takes one only where nothing is: what was exchanged out is compared, and goes back
where somebody made it. A file system that knows neither is compared just before.
"""

from __future__ import annotations

import errno
import os

from vfiotui.apply.errors import Conflict
from vfiotui.apply.record.backup import ABSENT, digest
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place

NOREPLACE, EXCHANGE = 1, 2
"""Flags of renameat2(2), from linux/fs.h."""
UNKNOWN = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM})
"""What a kernel, a file system or a filter answers that knows no such flag."""


def renameat2(folder: int, old: str, new: str, flags: int) -> None:
    """Renames inside one folder with NOREPLACE or EXCHANGE; OSError with one of UNKNOWN where that cannot be had."""
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    if call(folder, os.fsencode(old), folder, os.fsencode(new), flags) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), new)


def _changed(place: Place) -> Conflict:
    return Conflict(f"{place} was changed by something else just now: it is left alone")


def only_over(words: frozenset[str]) -> disk.TakePlace:
    """A way for a finished file to take its place: where a digest of `words` is there, else Conflict and all stays."""

    def take_place(folder: int, partial: str, place: Place) -> None:
        try:
            if _took_free_name(folder, partial, place, words):
                return
            renameat2(folder, partial, place.name, EXCHANGE)
        except FileNotFoundError as error:
            raise _changed(place) from error
        except OSError as error:
            if error.errno not in UNKNOWN:
                raise
            if digest(place) not in words:
                raise _changed(place) from error
            disk.rename_over(folder, partial, place)
            return
        if digest(place.beside(partial)) not in words:
            renameat2(folder, partial, place.name, EXCHANGE)
            raise _changed(place)
        os.unlink(partial, dir_fd=folder)

    return take_place


def _took_free_name(folder: int, partial: str, place: Place, words: frozenset[str]) -> bool:
    if ABSENT not in words:
        return False
    try:
        renameat2(folder, partial, place.name, NOREPLACE)
    except FileExistsError as error:
        if len(words) == 1:
            raise _changed(place) from error
        return False
    return True


def remove_only(place: Place, partial: str, words: frozenset[str]) -> None:
    """The name is not there, durably, where a digest of `words` was; else Conflict, and it stays."""
    moved = place.beside(partial)
    disk.drop(moved)
    try:
        with place.folder() as folder:
            _moved_away(folder, place, partial)
            if digest(moved) not in words:
                _back(folder, partial, place)
                raise _changed(place)
    except FileNotFoundError:
        return
    disk.remove(moved)


def _moved_away(folder: int, place: Place, partial: str) -> None:
    os.rename(place.name, partial, src_dir_fd=folder, dst_dir_fd=folder)


def _back(folder: int, partial: str, place: Place) -> None:
    try:
        renameat2(folder, partial, place.name, NOREPLACE)
    except FileExistsError as error:
        raise Conflict(f"{place} was changed twice just now: its first form is {place.beside(partial)}") from error
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise
        _moved_away(folder, place.beside(partial), place.name)

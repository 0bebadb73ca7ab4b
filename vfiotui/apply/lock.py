"""One machine, one applier."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from vfiotui.apply import disk
from vfiotui.apply.errors import ApplyError, Busy, os_sentence
from vfiotui.apply.mount_checks import journal_problem
from vfiotui.apply.target import Target


@contextmanager
def locked(target: Target, wait: bool = False) -> Iterator[None]:
    """Holds the lock of a machine's journal; Busy where another process holds it, unless told to wait.

    The kernel lets the lock go when the process ends, however it ends (flock(2)).
    """
    try:
        problem = journal_problem(target)
    except OSError as error:
        raise ApplyError(os_sentence(error, "no change can be kept")) from error
    if problem:
        raise ApplyError(f"no change can be kept: {problem}")
    folder = target.journal.above
    try:
        disk.make_folders(folder, 0o700)
        fd = disk.open_regular(folder / "lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise ApplyError(os_sentence(error, f"the lock in {folder} cannot be taken")) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Busy(
                "another vfiotui applies or undoes a change on this machine just now: "
                "wait for it ('vfiotui changes'), or give --wait"
            ) from error
        except OSError as error:
            raise ApplyError(os_sentence(error, f"the lock in {folder} cannot be taken")) from error
        try:
            yield
        except OSError as error:
            raise ApplyError(os_sentence(error, "nothing more was done ('vfiotui changes' lists what was)")) from error
    finally:
        os.close(fd)

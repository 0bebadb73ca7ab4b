"""One machine, one applier."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from vfiotui.apply.errors import ApplyError, Busy, os_sentence
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.mount_checks import journal_problem
from vfiotui.host.live.processes import describe
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else


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
                f"another vfiotui{_holder(fd)} applies or undoes a change on this machine just now: "
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


def _holder(fd: int) -> str:
    """The process that has the lock, in brackets; "" where the kernel does not list it.

    /proc/locks (proc_locks(5)): number, FLOCK, ADVISORY, WRITE, process, device and inode; who waits has an arrow
    before the kind.
    """
    inode = os.fstat(fd).st_ino
    rows = (line.split() for line in or_else(Root.live().lines("/proc/locks"), ()))
    found = {r[4] for r in rows if len(r) > 5 and r[1] == "FLOCK" and r[5].endswith(f":{inode}")}
    # Another file system may have a locked file with this number too.
    if len(found) != 1 or not (pid := found.pop()).isdigit():
        return ""
    known = describe(Root.live(), [int(pid)])[int(pid)]
    return f" (process {pid})" if isinstance(known, Unread) else f" (process {pid} {known.whole})"

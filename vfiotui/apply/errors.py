"""Why a change could not be made, as sentences."""

from __future__ import annotations


class ApplyError(Exception):
    """A sentence: what failed, on which path, and what to do next."""


class Conflict(ApplyError):
    """Somebody else changed the subject: it is neither as before nor as the plan left it."""


class Damage(ApplyError):
    """What the way back needs is missing or not as it was kept: nothing is undone by it."""


class CommandFailed(ApplyError):
    """A program of the system ran to its end and says that it failed."""


class Busy(ApplyError):
    """Another process applies or undoes a change on the same machine."""


def os_sentence(error: OSError, doing: str) -> str:
    """An error of the operating system as a sentence with what to do.

    >>> os_sentence(OSError(28, "No space left on device"), "cannot write /etc/default/grub")
    'cannot write /etc/default/grub: no space left on device; free some space there and try again'
    """
    import errno

    todo = {
        errno.ENOSPC: "free some space there and try again",
        errno.EDQUOT: "free some space there and try again",
        errno.EROFS: "mount it writable ('mount -o remount,rw …') and try again",
        errno.EACCES: "run it as root",
        errno.EPERM: "run it as root; 'lsattr' shows whether the file is immutable",
        errno.EIO: "the disk or the device gives errors: look into 'dmesg'",
    }.get(error.errno or 0)
    reason = (error.strerror or str(error)).lower()
    return f"{doing}: {reason}" + (f"; {todo}" if todo else "")

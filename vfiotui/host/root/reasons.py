"""Why something could not be read, from the error of the operating system."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

from vfiotui.host.root.tree import NotCaptured
from vfiotui.model.base.reading import Unread, Why

REASONS: Mapping[int, tuple[Why, str]] = {
    errno.ENOENT: (Why.ABSENT, "is not there"),
    errno.ENOTDIR: (Why.ABSENT, "is not there"),
    errno.EACCES: (Why.FORBIDDEN, "needs root"),
    errno.EPERM: (Why.FORBIDDEN, "needs root"),
    errno.ENODEV: (Why.VANISHED, "vanished while it was read"),
    errno.ESRCH: (Why.VANISHED, "vanished while it was read"),
    errno.EISDIR: (Why.NOT_A_FILE, "is a directory"),
    errno.ENXIO: (Why.NOT_A_FILE, "is no regular file"),
    errno.ELOOP: (Why.DAMAGED, "is a loop of symbolic links"),
    errno.ENAMETOOLONG: (Why.DAMAGED, "has too long a name"),
    errno.EINVAL: (Why.DAMAGED, "the kernel does not answer here"),
    errno.EAGAIN: (Why.DAMAGED, "gives no answer now"),
    errno.EFBIG: (Why.TOO_BIG, "is too long"),
    errno.ETIMEDOUT: (Why.TIMED_OUT, "gave no answer in time"),
}


def unread(error: OSError | ValueError, path: str) -> Unread:
    """The reason behind an error of the operating system, as a sentence fragment."""
    if isinstance(error, ValueError):
        return Unread("has an impossible name", Why.DAMAGED, path)
    if isinstance(error, NotCaptured):
        return Unread(error.reason, error.why, path)
    known = REASONS.get(error.errno or 0)
    why, reason = known or (Why.DAMAGED, os.strerror(error.errno or errno.EIO).lower())
    return Unread(reason, why, path)

"""Files that a user names for writing: plans, scripts, captures, ROMs, recordings.

No file is replaced unless the user said so, none is left half written, and nothing but a regular file is replaced:
behind other names are devices and FIFOs.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from typing import BinaryIO

from vfiotui.apply.errors import ApplyError, os_sentence


class Taken(ApplyError):
    """The name is taken, and the user did not say that what has it may be replaced."""


def refuse_taken(path: str, *, replace: bool) -> None:
    """Raises Taken where a file must not be written; for commands that work long before they write."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode) and replace:
            mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # Nothing is there, or what writes the file finds out what is.
    if not replace:
        raise Taken(f"{path} exists already: choose another name")
    if not stat.S_ISREG(mode):
        raise Taken(f"{path} is no regular file and is not replaced: choose another name")


def open_new(path: str, mode: int, *, replace: bool = False) -> BinaryIO:
    """A file that is written piece by piece, empty; raises ApplyError."""
    refuse_taken(path, replace=replace)
    # O_NONBLOCK: a FIFO that was put there meanwhile must not make this wait.
    how = os.O_TRUNC if replace else os.O_EXCL
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | how | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, mode)
    except FileExistsError as error:
        raise Taken(f"{path} exists already: choose another name") from error
    except (OSError, ValueError) as error:
        raise ApplyError(_sentence(error, path)) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Taken(f"{path} is no regular file and is not replaced: choose another name")
    return open(fd, "wb")


def write_whole(path: str, write: Callable[[BinaryIO], object], mode: int, *, replace: bool = False) -> None:
    """Writes a file as a whole; raises ApplyError and leaves nothing of it where that fails.

    What is replaced stays until all is written, and with `replace` nobody sees a half of it.
    """
    refuse_taken(path, replace=replace)
    path = os.path.realpath(path)
    if not replace:
        partial = path
        file = open_new(path, mode)
    else:
        try:
            fd, partial = tempfile.mkstemp(prefix=".vfiotui-", dir=os.path.dirname(path))
        except OSError as error:
            raise ApplyError(_sentence(error, path)) from error
        file = os.fdopen(fd, "wb")
    try:
        with file:
            os.fchmod(file.fileno(), mode)
            write(file)
        if partial != path:
            os.replace(partial, path)
    except BaseException as error:
        os.unlink(partial)
        if isinstance(error, OSError):
            raise ApplyError(_sentence(error, path)) from error
        raise


def save_new(name: str, text: str, mode: int) -> str:
    """Writes a new file, "~" understood, and returns its path; raises ApplyError.

    A plan may hold the secrets of a guest's definition: the mode should be for its owner only.
    """
    path = os.path.abspath(os.path.expanduser(name))
    write_whole(path, lambda file: file.write(text.encode("utf-8", "surrogateescape")), mode)
    return path


def _sentence(error: OSError | ValueError, path: str) -> str:
    doing = f"{path} cannot be written"
    return os_sentence(error, doing) if isinstance(error, OSError) else f"{doing}: {error}"

"""Files that a user names for reading: plans, recordings, ROMs, captures, themes.

A name may lead to anything. Only a regular file is opened: a FIFO has no end before somebody writes into it, and to
open a device may do something to it.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

STDIN = "-"
"""The name that means standard input, where a command allows it."""
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class CannotRead(Exception):
    """A sentence: which file cannot be read, and why."""


def open_file(path: str) -> BinaryIO:
    """A regular file, opened for reading without waiting for anything; raises CannotRead."""
    try:
        _refuse_others(os.stat(path).st_mode, path)
        # What stands there may have been exchanged since: opening it must not wait.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            _refuse_others(os.fstat(fd).st_mode, path)
        except CannotRead:
            os.close(fd)
            raise
        return open(fd, "rb")
    except FileNotFoundError as error:
        raise CannotRead(f"{path} is not there") from error
    except (OSError, ValueError) as error:
        raise CannotRead(f"{path} cannot be read: {_why(error)}") from error


def read_file(path: str, limit: int, *, stdin: bool = False) -> bytes:
    """All bytes of a regular file, or of standard input where `path` is "-" and `stdin` allows it.

    Raises CannotRead, also where there are more than `limit` bytes.
    """
    try:
        if stdin and path == STDIN:
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open_file(path) as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {_why(error)}") from error
    if len(data) > limit:
        raise CannotRead(f"{path} is larger than {limit >> 10} KiB: it is not the file that is expected here")
    return data


def _refuse_others(mode: int, path: str) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in KINDS if is_kind(mode)), "something else")
        raise CannotRead(f"{path} is {kind}, no regular file")


def _why(error: OSError | ValueError) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return (text or str(error)).lower()

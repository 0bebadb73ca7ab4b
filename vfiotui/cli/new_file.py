"""Writes a file that the user named: never over another one unasked, and never half."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import BinaryIO

from vfiotui.cli.exit import CommandError, Exit


def refuse_existing(file: str, force: bool) -> None:
    """Ends the command where the name is taken and the user did not say that it may be replaced."""
    if os.path.lexists(file) and not force:
        raise CommandError(f"{file} exists already: choose another name or give --force", Exit.USAGE)


def write_new(file: str, write: Callable[[BinaryIO], object]) -> None:
    """Writes beside the file first, so that a full disk leaves no half file under its name."""
    folder = os.path.dirname(os.path.abspath(file))
    try:
        fd, partial = tempfile.mkstemp(prefix=".vfiotui-", dir=folder)
    except OSError as error:
        raise CommandError(f"cannot write into {folder}: {(error.strerror or '').lower()}", Exit.NO_ACCESS) from error
    try:
        with open(fd, "wb") as out:
            write(out)
        os.replace(partial, file)
    except OSError as error:
        os.unlink(partial)
        raise CommandError(f"cannot write {file}: {(error.strerror or '').lower()}", Exit.NO_ACCESS) from error

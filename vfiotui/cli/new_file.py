"""A file that the user named for writing, from the command line: its troubles end the command with a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from vfiotui.apply import user_files
from vfiotui.apply.errors import ApplyError
from vfiotui.cli.exit import CommandError, Exit

PRIVATE, SHARED = 0o600, 0o644


@contextlib.contextmanager
def _told(force: bool) -> Iterator[None]:
    try:
        yield
    except user_files.Taken as error:
        raise CommandError(f"{error}{'' if force else ' or give --force'}", Exit.USAGE) from error
    except ApplyError as error:
        raise CommandError(str(error), Exit.NO_ACCESS) from error


def refuse_existing(file: str, force: bool) -> None:
    """Ends the command where the name is taken and the user did not say that it may be replaced."""
    with _told(force):
        user_files.refuse_taken(file, replace=force)


def write_new(file: str, write: Callable[[BinaryIO], object], mode: int = PRIVATE, *, force: bool = False) -> None:
    """Writes a file, by default for its owner only, whole or not at all."""
    with _told(force):
        user_files.write_whole(file, write, mode, replace=force)


def open_new(file: str, force: bool) -> BinaryIO:
    """A file that grows while the command runs."""
    with _told(force):
        return user_files.open_new(file, SHARED, replace=force)

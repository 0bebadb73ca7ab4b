"""Exit codes, the same for every subcommand."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the shell is told."""

    FINE = 0
    FAILS = 1
    """Some check fails, or what was asked for is not there."""
    USAGE = 2
    NO_ACCESS = 3
    """The machine, archive or connection could not be opened."""
    CHANGE_FAILED = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """A sentence for standard error that ends the command with an exit code."""

    def __init__(self, sentence: str, code: Exit = Exit.FAILS) -> None:
        super().__init__(sentence)
        self.code = code

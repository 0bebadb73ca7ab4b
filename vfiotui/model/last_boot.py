"""The boot before this one: what its kernel said at the end, and whether it was shut down."""

from __future__ import annotations

from vfiotui.model.boot import LogLine
from vfiotui.model.reading import Reading
from vfiotui.model.value import dataclass


@dataclass(frozen=True, slots=True)
class LastBoot:
    """The previous boot; of a mounted disk, its last one."""

    lines: tuple[LogLine, ...]
    """Kernel messages about passthrough, oldest first."""
    shut_down: Reading[bool]
    """Whether it ended with an orderly shutdown."""
    source: str
    """Path or command that told it."""

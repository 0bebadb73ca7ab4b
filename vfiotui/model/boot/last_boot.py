"""The boot before this one: what its kernel said at the end, and whether it was shut down."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import LogLine


@dataclass(frozen=True, slots=True)
class LastBoot:
    """The previous boot; of a mounted disk, its last one."""

    lines: tuple[LogLine, ...]
    """Kernel messages about passthrough, oldest first."""
    shut_down: Reading[bool]
    """Whether it ended with an orderly shutdown."""
    source: str
    """Path or command that told it."""

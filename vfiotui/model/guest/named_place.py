"""One path of this host that a goal names for a guest: what is there, what uses it, and the room beside it."""

from __future__ import annotations

import stat

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.guest_files import NOT_LOOKED, PathState


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A path, links followed."""

    path: str
    state: Reading[PathState]
    """Unread with Why.ABSENT is the fact that nothing is there."""
    free_bytes: Reading[int] = NOT_LOOKED
    """Room on the file system of its folder, for a path at which nothing is."""
    real: str = ""
    """The path without links; empty where nothing is there."""

    @property
    def is_absent(self) -> bool:
        """Whether surely nothing is there."""
        return isinstance(self.state, Unread) and self.state.why is Why.ABSENT

    @property
    def is_block(self) -> bool:
        """Whether a block device is there."""
        return not isinstance(self.state, Unread) and stat.S_ISBLK(self.state.mode)

    @property
    def is_file(self) -> bool:
        """Whether a regular file is there."""
        return not isinstance(self.state, Unread) and self.state.is_file

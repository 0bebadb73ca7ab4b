"""Processes that hold a device open, and how much of the system was seen when they were looked for."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Evidence
from vfiotui.model.live.process_info import ProcessInfo

NOT_ASKED = Unread("was not asked for", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with an open device node."""

    pid: int
    name: str
    node: str
    """/dev/dri/card1, /dev/nvidia0, /dev/snd/pcmC1D3p, /dev/vfio/15."""
    bdf: str
    """The function behind the node; empty where it stands for several or none."""
    group: int | None = None
    """The IOMMU group of a vfio node."""
    process: Reading[ProcessInfo] = NOT_ASKED
    """Whose the process is, since when it runs, and how it was started."""

    @property
    def who(self) -> str:
        """The process for whoever has to end it: name and number, and what more is known."""
        more = "" if isinstance(self.process, Unread) else f", {self.process.whole}"
        return f"{self.name} ({self.pid}{more})"

    @property
    def origin(self) -> tuple[Evidence, ...]:
        """Whose the process is, where that is known; not its arguments, which may be secret."""
        known = self.process
        return () if isinstance(known, Unread) else (Evidence(f"/proc/{self.pid}", known.origin),)


@dataclass(frozen=True, slots=True)
class Holders:
    """What a walk over all processes found."""

    found: tuple[Holder, ...]
    hidden: int
    """Processes whose open files could not be seen: those of others are shown to root only."""
    complete: bool
    """False where the time for the walk was up."""
    unseen: Unread | None = None
    """Why processes may be missing altogether."""

    @property
    def gap(self) -> str:
        """What was not seen, as a sentence fragment; empty where all was."""
        parts = []
        if self.hidden:
            processes = "1 process" if self.hidden == 1 else f"{self.hidden} processes"
            parts.append(f"the open files of {processes} could not be seen (root sees those of all users)")
        if not self.complete:
            parts.append("there are too many processes to read all of them in time")
        if self.unseen is not None:
            parts.append(f"more processes may run ({self.unseen})")
        return "; ".join(parts)

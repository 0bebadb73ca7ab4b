"""Drift: threads of a running guest that may run elsewhere than they were pinned to."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Pinning, thread_in_pins
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.live.sample import GuestCount, GuestMoment, ThreadCount, ThreadMoment


@dataclass(frozen=True, slots=True)
class Drift:
    """One thread."""

    thread: str
    wanted: CpuSet
    real: Reading[CpuSet]
    """Its affinity as the kernel has it."""

    @property
    def words(self) -> str:
        """The drift as a sentence without a full stop."""
        if isinstance(self.real, Unread):
            return f"{self.thread}: its affinity is unknown ({self.real.reason})"
        return f"{self.thread} is pinned to CPU {format_list(self.wanted)}, but may run on {format_list(self.real)}"


def thread_of(moment: ThreadCount | ThreadMoment) -> str:
    """The name of a thread in a pinning, or "" for one that cannot be pinned by itself."""
    return thread_in_pins(moment.kind, moment.number)


def drift(wanted: Pinning, moment: GuestCount | GuestMoment) -> tuple[Drift, ...]:
    """Every pinned thread whose affinity is another, or is unknown; a pin without its thread is left out."""
    pins = wanted.by_thread
    return tuple(
        Drift(name, pins[name], thread.pinned)
        for thread in moment.threads
        if (name := thread_of(thread)) in pins and thread.pinned != pins[name]
    )

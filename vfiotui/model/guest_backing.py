"""In which pages the memory of a running guest lies: huge or small, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.reading import Reading, Unread
from vfiotui.model.value import dataclass, field

WALK_MS_PER_GIB = 15
"""What a walk over small pages costs, measured on one desktop CPU; huge pages cost next to nothing."""


@dataclass(frozen=True, slots=True)
class GuestBacking:
    """One guest at one moment."""

    name: str
    pid: int
    memory_kib: Reading[int]
    """What QEMU was told to give the guest (-m)."""
    resident_kib: Reading[int]
    """Without pages of hugetlbfs, which the kernel counts apart."""
    hugetlb_kib: Reading[int]
    transparent_kib: Reading[int]
    """Transparent huge pages, of its own memory and of shared memory."""
    source: str = ""
    """Where the transparent ones were counted."""
    on_nodes: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Page size in KiB and node → KiB of hugetlbfs, where the control group tells."""
    walk_ms: float | None = None
    """What the exact count took; None where the cheap one was read."""

    @property
    def huge_kib(self) -> Reading[int]:
        """Everything that lies in huge pages; never more than the guest has, for QEMU has some of its own."""
        if isinstance(self.hugetlb_kib, Unread):
            return self.hugetlb_kib
        if isinstance(self.transparent_kib, Unread):
            whole = isinstance(self.memory_kib, int) and self.hugetlb_kib >= self.memory_kib
            return self.hugetlb_kib if whole else self.transparent_kib
        return self.hugetlb_kib + self.transparent_kib

    @property
    def short_kib(self) -> Reading[int]:
        """What of the guest's memory lies in no huge page."""
        if isinstance(self.memory_kib, Unread):
            return self.memory_kib
        huge = self.huge_kib
        return huge if isinstance(huge, Unread) else max(self.memory_kib - huge, 0)

    @property
    def coverage(self) -> Reading[float]:
        """The share of the guest's memory in huge pages, 0 to 1."""
        short = self.short_kib
        if isinstance(short, Unread):
            return short
        assert isinstance(self.memory_kib, int)
        return 1 - short / self.memory_kib if self.memory_kib else Unread("QEMU was given no memory")

    @property
    def foretold_ms(self) -> Reading[float]:
        """What an exact count would cost, roughly."""
        if isinstance(self.resident_kib, Unread):
            return self.resident_kib
        huge = self.transparent_kib if isinstance(self.transparent_kib, int) else 0
        return max(self.resident_kib - huge, 0) / (1 << 20) * WALK_MS_PER_GIB

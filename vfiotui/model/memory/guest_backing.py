"""In which pages the memory of a running guest lies: huge or small, and what is missing.

And the exact count, taken page by page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field


class PageCount(NamedTuple):
    """One process, in KiB."""

    rss: int
    """Resident, huge pages of a pool left out."""
    huge: int
    """In transparent huge pages, anonymous and shared."""
    pool: int
    """In pages of a huge page pool."""

    @property
    def coverage(self) -> float:
        """The share of the resident memory in pages that are larger than small ones.

        >>> PageCount(8388608, 8087552, 0).coverage > 0.96
        True
        """
        whole = self.rss + self.pool
        return (self.huge + self.pool) / whole if whole else 0.0

    @property
    def small(self) -> int:
        """KiB in small pages."""
        return max(self.rss - self.huge, 0)


WALK_MS_PER_GIB = 15
"""What a walk over small pages costs, measured on one desktop CPU; huge pages cost next to nothing."""

WELL = 0.99
"""The share of a guest's memory in huge pages below which it did not get them."""


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
    """Page size in KiB and node → KiB of hugetlbfs, where the control group shows it."""
    pinned_kib: Reading[int] = Unread("not read", Why.NOT_HERE)
    """Locked where it lies, as VFIO does with all of a guest's memory: small pages there stay small."""
    age: Reading[int] = Unread("not read", Why.NOT_HERE)
    """Seconds since its process began; whole minutes from the first one on: a sample without news equals the last."""
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
    def untouched_kib(self) -> Reading[int]:
        """What the guest has never written to: the kernel has given it no page for that, huge or small."""
        if isinstance(self.memory_kib, Unread) or isinstance(self.resident_kib, Unread):
            return self.memory_kib if isinstance(self.memory_kib, Unread) else self.resident_kib
        return max(self.memory_kib - self.resident_kib - self._pool, 0)

    @property
    def small_kib(self) -> Reading[int]:
        """What of the guest's memory lies in small pages."""
        short, untouched = self.short_kib, self.untouched_kib
        if isinstance(short, Unread) or isinstance(untouched, Unread):
            return short if isinstance(short, Unread) else untouched
        return max(short - untouched, 0)

    @property
    def pinned(self) -> bool:
        """Whether all of its memory is locked where it lies, as far as is known."""
        known = isinstance(self.pinned_kib, int) and isinstance(self.memory_kib, int) and self.memory_kib > 0
        return known and self.pinned_kib >= max(self.memory_kib - self._pool, 1)  # type: ignore[operator]

    @property
    def _pool(self) -> int:
        return self.hugetlb_kib if isinstance(self.hugetlb_kib, int) else 0

    @property
    def well(self) -> Reading[bool]:
        """Whether next to nothing of the guest lies in small pages."""
        small = self.small_kib
        if isinstance(small, Unread) or isinstance(self.memory_kib, Unread):
            return small if isinstance(small, Unread) else Unread("not known")
        return small <= self.memory_kib * (1 - WELL)

    @property
    def foretold_ms(self) -> Reading[float]:
        """What an exact count would cost, roughly."""
        if isinstance(self.resident_kib, Unread):
            return self.resident_kib
        huge = self.transparent_kib if isinstance(self.transparent_kib, int) else 0
        return max(self.resident_kib - huge, 0) / (1 << 20) * WALK_MS_PER_GIB

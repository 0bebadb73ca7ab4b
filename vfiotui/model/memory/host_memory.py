"""Memory: totals, huge page pools, transparent huge pages and what the allocator could give right now."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.thp import Thp

SMALL_DMA = ("x86", "")
"""Architectures whose zone DMA has 16 MiB, kept for old devices; elsewhere it is memory like any other."""


@dataclass(frozen=True, slots=True)
class HugePool:
    """One pool of huge pages: of one page size, of the host or of one NUMA node."""

    size_kib: int
    node: int | None
    """None: the whole host."""
    total: Reading[int]
    free: Reading[int]
    surplus: Reading[int]
    reserved: Reading[int]
    """Known for the whole host only."""
    overcommit: Reading[int]
    """Known for the whole host only."""


@dataclass(frozen=True, slots=True)
class BuddyZone:
    """Free blocks of one zone, by order."""

    node: int
    zone: str
    free: tuple[int, ...]
    """free[o] blocks of 2**o pages."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything about memory at one moment."""

    meminfo: Reading[dict[str, int]]
    """/proc/meminfo in KiB (the HugePages_* rows are counts)."""
    pools: Reading[tuple[HugePool, ...]]
    thp: Thp
    buddy: Reading[tuple[BuddyZone, ...]]
    page_size: Reading[int]
    """Bytes of a small page."""
    vmstat: Reading[dict[str, int]]
    """The thp_* and compact_* counters of /proc/vmstat."""
    ksm_run: Reading[int]
    """/sys/kernel/mm/ksm/run."""
    mounted_kib: Reading[tuple[int, ...]] = ()
    """Page sizes for which a hugetlbfs is mounted."""
    architecture: str = ""
    """x86, arm, power, riscv, s390, loongarch; empty where it is not known."""
    guests: Reading[tuple[GuestBacking, ...]] = Unread("running guests were not looked at", Why.NOT_HERE)

    @property
    def zones(self) -> Reading[tuple[BuddyZone, ...]]:
        """The zones that a guest may get memory of."""
        if isinstance(self.buddy, Unread):
            return self.buddy
        small = self.architecture in SMALL_DMA
        return tuple(zone for zone in self.buddy if not (small and zone.zone == "DMA"))

    @property
    def small_kib(self) -> Reading[int]:
        """KiB of a small page."""
        return self.page_size if isinstance(self.page_size, Unread) else self.page_size >> 10

    @property
    def largest_kib(self) -> Reading[int]:
        """The largest block that the allocator keeps whole; what is larger is found by a try only, or at boot."""
        if isinstance(self.buddy, Unread):
            return self.buddy
        orders = max((len(z.free) for z in self.buddy), default=1)
        return self.page_size if isinstance(self.page_size, Unread) else self.page_size << (orders - 1) >> 10

    def free_blocks(self, size_kib: int, node: int | None = None) -> Reading[int]:
        """Blocks of a size that could be handed out right now, of a node or of all.

        Unread for what is larger than any block that the allocator keeps.
        """
        zones, small, largest = self.zones, self.small_kib, self.largest_kib
        if isinstance(zones, Unread) or isinstance(small, Unread) or isinstance(largest, Unread):
            return next(r for r in (zones, small, largest) if isinstance(r, Unread))
        if size_kib > largest:
            return Unread("cannot be predicted: it is larger than any block", Why.NOT_HERE)
        order = max(size_kib // small, 1).bit_length() - 1
        return sum(
            count << (o - order)
            for zone in zones
            if node in (None, zone.node)
            for o, count in enumerate(zone.free)
            if o >= order
        )

    def blocks_of(self, pages: dict[int, int], size_kib: int) -> Reading[dict[int, int]]:
        """Node → whole blocks of a size in so many small pages."""
        small = self.small_kib
        return small if isinstance(small, Unread) else {n: count * small // size_kib for n, count in pages.items()}

    def page_sizes(self) -> tuple[int, ...]:
        """KiB of every size of huge pages that this kernel has: those of its pools, else the transparent ones."""
        pools = () if isinstance(self.pools, Unread) else self.pools
        table = (self.thp.table_kib,) if isinstance(self.thp.table_kib, int) else ()
        return tuple(sorted({p.size_kib for p in pools})) or table

    def block_sizes(self) -> tuple[int, ...]:
        """Those of which the allocator keeps whole blocks: how many are free is known."""
        largest = self.largest_kib
        return () if isinstance(largest, Unread) else tuple(s for s in self.page_sizes() if s <= largest)

    def try_sizes(self) -> tuple[int, ...]:
        """Those that are larger than any block."""
        largest = self.largest_kib
        return () if isinstance(largest, Unread) else tuple(s for s in self.page_sizes() if s > largest)

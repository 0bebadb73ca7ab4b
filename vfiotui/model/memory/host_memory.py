"""Memory: totals, huge page pools, transparent huge pages and what the allocator could give right now."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.memory.guest_backing import GuestBacking


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
class Thp:
    """Settings of transparent huge pages; the chosen word of each file."""

    enabled: Reading[str]
    defrag: Reading[str]
    shmem_enabled: Reading[str]
    khugepaged_defrag: Reading[str]
    size_2m_enabled: Reading[str]
    """hugepages-2048kB/enabled, kernel 6.8 on."""


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
    page_size: int
    """Bytes of a small page."""
    vmstat: Reading[dict[str, int]]
    """The thp_* and compact_* counters of /proc/vmstat."""
    ksm_run: Reading[int]
    """/sys/kernel/mm/ksm/run."""
    mounted_kib: Reading[tuple[int, ...]] = ()
    """Page sizes for which a hugetlbfs is mounted."""
    guests: Reading[tuple[GuestBacking, ...]] = Unread("running guests were not looked at", Why.NOT_HERE)

    def blocks_2m(self, node: int | None = None) -> Reading[int]:
        """Free 2 MiB blocks right now, of a node or of all; ZONE_DMA is left out."""
        if not isinstance(self.buddy, tuple):
            return self.buddy
        order = max((2 << 20) // self.page_size, 1).bit_length() - 1
        return sum(
            count << (o - order)
            for zone in self.buddy
            if zone.zone != "DMA" and node in (None, zone.node)
            for o, count in enumerate(zone.free)
            if o >= order
        )

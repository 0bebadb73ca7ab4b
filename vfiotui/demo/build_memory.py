"""Memory of a described machine: totals, huge page pools, transparent huge pages, free blocks."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder

MM = "/sys/kernel/mm"
POOL_2M, POOL_1G = "hugepages-2048kB", "hugepages-1048576kB"
BUDDY = (4877, 7034, 4793, 3388, 3296, 2439, 1449, 1205, 567, 204, 189)
"""Free blocks of the zone Normal by order, on a host that has been up for some days."""
SMALL_ZONES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("DMA", (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2)),
    ("DMA32", (7, 9, 8, 6, 9, 6, 9, 6, 7, 5, 621)),
)
"""Zones of the first node only."""
VMSTAT = {
    "thp_fault_alloc": 182734,
    "thp_fault_fallback": 5312,
    "thp_collapse_alloc": 9021,
    "compact_stall": 412,
    "compact_fail": 35,
    "compact_success": 377,
}
RESERVE_KIB = 3 << 20
"""What the host's own programs hold."""


def choice(words: str, chosen: str) -> str:
    """The words with the chosen one in brackets, as sysfs marks it.

    >>> choice("always madvise never", "madvise")
    'always [madvise] never'
    """
    return " ".join(f"[{w}]" if w == chosen else w for w in words.split())


def build_memory(tree: TreeBuilder, host: Host) -> None:
    """Meminfo, pools, transparent huge pages, free blocks."""
    tree.file("/proc/meminfo", meminfo(host))
    for name, (pages, unused) in ((POOL_2M, host.huge_2m), (POOL_1G, host.huge_1g)):
        tree.files(
            f"{MM}/hugepages/{name}",
            nr_hugepages=pages,
            free_hugepages=unused,
            resv_hugepages=0,
            surplus_hugepages=0,
            nr_overcommit_hugepages=0,
        )
        for node in range(host.nodes):
            tree.files(
                f"/sys/devices/system/node/node{node}/hugepages/{name}",
                nr_hugepages=_share(pages, node, host.nodes),
                free_hugepages=_share(unused, node, host.nodes),
                surplus_hugepages=0,
            )
    tree.files(
        f"{MM}/transparent_hugepage",
        enabled=choice("always madvise never", host.thp),
        defrag=choice("always defer defer+madvise madvise never", host.defrag),
        shmem_enabled=choice("always within_size advise never deny force", "never"),
    )
    tree.file(f"{MM}/transparent_hugepage/khugepaged/defrag", 1)
    tree.file(f"{MM}/transparent_hugepage/hugepages-2048kB/enabled", choice("always inherit madvise never", "inherit"))
    tree.file(f"{MM}/ksm/run", host.ksm)
    tree.file("/proc/buddyinfo", buddyinfo(host, lambda node, order: BUDDY[order]))
    tree.file("/proc/vmstat", "\n".join(f"{name} {value}" for name, value in VMSTAT.items()))
    tree.file("/proc/sys/vm/nr_hugepages", host.huge_2m[0])


def _share(pages: int, node: int, nodes: int) -> int:
    """The pages of one node; the first nodes have one more where they do not come out even."""
    return pages // nodes + (node < pages % nodes)


def meminfo(host: Host) -> str:
    """The text of /proc/meminfo."""
    total, free = host.huge_2m
    huge = total * 2048 + (host.huge_1g[0] << 20)
    available = max(host.memory_kib - huge - RESERVE_KIB, 0)
    kib = {
        "MemTotal": host.memory_kib,
        "MemFree": available * 2 // 3,
        "MemAvailable": available,
        "Buffers": 214528,
        "Cached": available // 4,
        "SwapTotal": 8 << 20,
        "SwapFree": 8 << 20,
        "AnonPages": RESERVE_KIB - (1 << 20),
        "AnonHugePages": 1 << 20,
        "ShmemHugePages": 0,
        "ShmemPmdMapped": 0,
    }
    counts = {"HugePages_Total": total, "HugePages_Free": free, "HugePages_Rsvd": 0, "HugePages_Surp": 0}
    rows = [f"{name + ':':<16}{value:>8} kB" for name, value in kib.items()]
    rows += [f"{name + ':':<16}{value:>8}" for name, value in counts.items()]
    return "\n".join([*rows, "Hugepagesize:       2048 kB", f"Hugetlb:        {huge:>8} kB"])


def buddyinfo(host: Host, normal: Callable[[int, int], int]) -> str:
    """The text of /proc/buddyinfo; `normal` tells the free blocks of the zone Normal by node and order."""
    zones: list[tuple[int, str, tuple[int, ...]]] = [(0, name, free) for name, free in SMALL_ZONES]
    zones += [(n, "Normal", tuple(normal(n, order) for order in range(len(BUDDY)))) for n in range(host.nodes)]
    zones.sort(key=lambda zone: zone[0])
    return "\n".join(f"Node {n}, zone {name:>8} " + " ".join(f"{c:>6}" for c in free) + " " for n, name, free in zones)

"""Memory of a described machine: totals, huge page pools, transparent huge pages, free blocks."""

from __future__ import annotations

from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder

MM = "/sys/kernel/mm"
BUDDY = (4877, 7034, 4793, 3388, 3296, 2439, 1449, 1205, 567, 204, 189)
VMSTAT = (
    "thp_fault_alloc 182734\nthp_fault_fallback 5312\nthp_collapse_alloc 9021\ncompact_stall 412\ncompact_success 377"
)


def choice(words: str, chosen: str) -> str:
    """ "always [madvise] never" """
    return " ".join(f"[{w}]" if w == chosen else w for w in words.split())


def build_memory(tree: TreeBuilder, host: Host) -> None:
    """Meminfo, pools, transparent huge pages, free blocks."""
    total, free = host.huge_2m
    available = host.memory_kib - total * 2048 - (3 << 20)
    tree.file(
        "/proc/meminfo",
        f"MemTotal:       {host.memory_kib} kB\nMemFree:        {available // 2} kB\nMemAvailable:   {available} kB\n"
        f"AnonHugePages:  2097152 kB\nShmemPmdMapped:        0 kB\nHugePages_Total:   {total}\n"
        f"HugePages_Free:    {free}\nHugePages_Rsvd:    0\nHugePages_Surp:    0\nHugepagesize:       2048 kB\n"
        f"Hugetlb:        {total * 2048} kB",
    )
    for size, pages, unused in ((2048, total, free), (1048576, 0, 0)):
        name = f"hugepages-{size}kB"
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
                nr_hugepages=pages // host.nodes,
                free_hugepages=unused // host.nodes,
                surplus_hugepages=0,
            )
    tree.files(
        f"{MM}/transparent_hugepage",
        enabled=choice("always madvise never", host.thp),
        defrag=choice("always defer defer+madvise madvise never", "madvise"),
        shmem_enabled=choice("always within_size advise never deny force", "never"),
    )
    tree.file(f"{MM}/transparent_hugepage/khugepaged/defrag", 1)
    tree.file(f"{MM}/transparent_hugepage/hugepages-2048kB/enabled", choice("always inherit madvise never", "inherit"))
    tree.file(f"{MM}/ksm/run", 0)
    zones = [f"Node {n}, zone   Normal {' '.join(map(str, BUDDY))}" for n in range(host.nodes)]
    tree.file("/proc/buddyinfo", "\n".join(["Node 0, zone      DMA 0 0 0 0 0 0 0 0 1 1 2", *zones]))
    tree.file("/proc/vmstat", VMSTAT)

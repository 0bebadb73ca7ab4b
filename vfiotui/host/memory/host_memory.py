"""Memory from procfs and sysfs (admin-guide/mm/hugetlbpage.rst, transhuge.rst; filesystems/proc.rst)."""

from __future__ import annotations

import re

from vfiotui.host.memory.base_page import architecture, read_page_size
from vfiotui.host.memory.thp import read_thp
from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import numbered
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent, or_else, then
from vfiotui.model.memory.host_memory import BuddyZone, HugePool, Memory

POOLS = "/sys/kernel/mm/hugepages"
NODES = "/sys/devices/system/node"
POOL = re.compile(r"hugepages-(\d{1,12})kB$")
MEMINFO = re.compile(r"^([A-Za-z_()0-9]+):[ \t]+(\d{1,15})(?: kB)?$", re.MULTILINE)
BUDDY = re.compile(r"Node\s+(\d{1,5}),\s+zone\s+(\S+)\s+([\d\s]*)$")
VMSTAT = re.compile(r"^((?:thp_|compact_)\w+) (\d{1,20})$", re.MULTILINE)
PAGES = 1 << 48
"""No pool has so many pages."""
MOST_PAGE_SIZES = 1 << 30
"""KiB; no processor has larger pages."""


def count(root: Root, path: str) -> Reading[int]:
    """A number of pages; what no pool can hold is damage."""
    number = root.integer(path)
    if isinstance(number, int) and not 0 <= number < PAGES:
        return Unread(f"holds no number of pages: {number}", Why.DAMAGED, path)
    return number


def read_meminfo(root: Root) -> Reading[dict[str, int]]:
    """/proc/meminfo: KiB by name, counts for HugePages_*."""
    text = root.text("/proc/meminfo", 1 << 16)
    if isinstance(text, Unread):
        return text
    rows = {name: int(value) for name, value in MEMINFO.findall(text)}
    return rows or Unread("holds no row", Why.DAMAGED, "/proc/meminfo")


def _pools(root: Root, folder: str, node: int | None) -> Reading[list[HugePool]]:
    names = root.names(folder)
    if isinstance(names, Unread):
        return names
    found = []
    local = Unread("is counted for the whole host only", Why.NOT_HERE)
    for match in filter(None, map(POOL.match, names)):
        pool = f"{folder}/{match[0]}"
        if not 0 < int(match[1]) <= MOST_PAGE_SIZES:
            return Unread("is no size of pages", Why.DAMAGED, pool)
        found.append(
            HugePool(
                size_kib=int(match[1]),
                node=node,
                total=count(root, f"{pool}/nr_hugepages"),
                free=count(root, f"{pool}/free_hugepages"),
                surplus=count(root, f"{pool}/surplus_hugepages"),
                reserved=local if node is not None else count(root, f"{pool}/resv_hugepages"),
                overcommit=local if node is not None else count(root, f"{pool}/nr_overcommit_hugepages"),
            )
        )
    return sorted(found, key=lambda p: p.size_kib)


def read_pools(root: Root) -> Reading[tuple[HugePool, ...]]:
    """Huge page pools of the host and of every node, by size."""
    whole = _pools(root, POOLS, None)
    if isinstance(whole, Unread):
        return whole
    for number in numbered(root.names(NODES), "node"):
        # Nodes without memory have no pools of their own.
        local = if_absent(_pools(root, f"{NODES}/node{number}/hugepages", number), [])
        if isinstance(local, Unread):
            return local
        whole = whole + local
    return tuple(whole)


def read_buddy(root: Root) -> Reading[tuple[BuddyZone, ...]]:
    """Free blocks by zone and order; the number of orders is what the line holds."""
    lines = root.lines("/proc/buddyinfo", 1 << 20)
    if isinstance(lines, Unread):
        return lines
    found = []
    for line in lines:
        match = BUDDY.match(line)
        words = match[3].split() if match else []
        if not match or not words or any(len(w) > 18 for w in words):
            return Unread("holds lines that are no zones", Why.DAMAGED, "/proc/buddyinfo")
        found.append(BuddyZone(int(match[1]), match[2], tuple(map(int, words))))
    return tuple(found) if found else Unread("holds no zone", Why.DAMAGED, "/proc/buddyinfo")


def read_mounted(root: Root, default_kib: int | None) -> Reading[tuple[int, ...]]:
    """The page sizes of mounted hugetlbfs; one without pagesize= has the default size, Unread where that is unknown."""
    lines = root.lines("/proc/mounts")
    if isinstance(lines, Unread):
        return lines
    found = set()
    rows = [line.split(" ") for line in lines]
    # Every running system has a root mounted, and no line has fewer words (proc(5)).
    if not rows or any(len(words) < 4 for words in rows):
        return Unread("holds lines that are no mounts", Why.DAMAGED, "/proc/mounts")
    for words in rows:
        if words[2] == "hugetlbfs":
            match = re.search(r"(?:^|,)pagesize=(\d{1,9})([KMG])", words[3])
            size = int(match[1]) << {"K": 0, "M": 10, "G": 20}[match[2]] if match else default_kib
            if size is None:
                return Unread("names no page size, and the default one is not known", Why.NOT_HERE, "/proc/mounts")
            found.add(size)
    return tuple(sorted(found))


def read_ksm(root: Root) -> Reading[int]:
    """0: stopped, 1: running, 2: stopped and all shared pages parted again (admin-guide/mm/ksm.rst)."""
    path = "/sys/kernel/mm/ksm/run"
    number = root.integer(path)
    if isinstance(number, int) and number not in (0, 1, 2):
        return Unread(f"holds {number}, which is none of 0, 1 and 2", Why.DAMAGED, path)
    return number


def read(root: Root) -> Reading[Memory]:
    """Everything about memory; Unread only where nothing of it is there."""
    meminfo = read_meminfo(root)
    pools = read_pools(root)
    if isinstance(meminfo, Unread) and isinstance(pools, Unread):
        return meminfo
    kind, buddy = architecture(root), read_buddy(root)
    # What shows the size of a page is looked for in many places, of which most are not there.
    size, _ = root.noted(lambda: read_page_size(root, kind, meminfo, buddy))
    return Memory(
        meminfo=meminfo,
        pools=pools,
        thp=read_thp(root, kind),
        buddy=buddy,
        page_size=root.missed(size) if isinstance(size, Unread) else size,
        architecture=kind,
        vmstat=then(
            root.text("/proc/vmstat", 1 << 20), lambda text: {name: int(value) for name, value in VMSTAT.findall(text)}
        ),
        ksm_run=read_ksm(root),
        mounted_kib=read_mounted(root, or_else(meminfo, {}).get("Hugepagesize")),
    )

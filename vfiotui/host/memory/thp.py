"""The settings of transparent huge pages (admin-guide/mm/transhuge.rst)."""

from __future__ import annotations

import re

from vfiotui.host.memory.base_page import PMD_SIZE
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, at, or_else, then
from vfiotui.model.memory.thp import Thp, ThpSize

THP = "/sys/kernel/mm/transparent_hugepage"
CHOSEN = re.compile(r"(?:[\w+-]+ )*\[([\w+-]+)\](?: [\w+-]+)*")
SIZE = re.compile(r"hugepages-(\d{1,9})kB")
TABLE_KIB = {"x86": 2048, "riscv": 2048, "s390": 1024}
"""What a page table maps where small pages always have 4 KiB."""


def chosen(text: str) -> Reading[str]:
    """The bracketed word of a file such as "always [madvise] never".

    >>> chosen("always defer [defer+madvise] never"), chosen("[").reason
    ('defer+madvise', "marks no choice: '['")
    """
    match = CHOSEN.fullmatch(text.strip())
    return match[1] if match else Unread(f"marks no choice: {text[:40]!r}", Why.DAMAGED)


def _setting(root: Root, name: str) -> Reading[str]:
    return at(f"{THP}/{name}", then(root.text(f"{THP}/{name}", 4096), chosen))


def _sizes(root: Root) -> Reading[tuple[ThpSize, ...]]:
    names = root.names(THP)
    if isinstance(names, Unread):
        # A kernel without transparent huge pages has no sizes; what may not be listed may have some.
        return () if names.why is Why.ABSENT else names
    found = []
    for name in names:
        match = SIZE.fullmatch(name)
        if match and int(match[1]):
            files = or_else(root.names(f"{THP}/{name}"), ())
            shared: Reading[str] = Unread("has no such file", Why.ABSENT, f"{THP}/{name}/shmem_enabled")
            if "shmem_enabled" in files:
                shared = _setting(root, f"{name}/shmem_enabled")
            found.append(ThpSize(int(match[1]), _setting(root, f"{name}/enabled"), shared))
    return tuple(sorted(found, key=lambda s: s.size_kib))


def _table_kib(root: Root, kind: str, sizes: Reading[tuple[ThpSize, ...]]) -> Reading[int]:
    (size, _) = root.noted(lambda: root.integer(PMD_SIZE))
    if isinstance(size, int):
        return size >> 10 if 0 < size < 1 << 40 else Unread(f"holds no size: {size}", Why.DAMAGED, PMD_SIZE)
    # The sizes that have words of their own end with the one that fills a page table (mm/huge_memory.c).
    largest = max((s.size_kib for s in or_else(sizes, ())), default=None)
    return largest or TABLE_KIB.get(kind) or size


def read_thp(root: Root, kind: str) -> Thp:
    """All settings; `kind` is the architecture."""
    sizes = _sizes(root)
    return Thp(
        enabled=_setting(root, "enabled"),
        defrag=_setting(root, "defrag"),
        shmem_enabled=_setting(root, "shmem_enabled"),
        khugepaged_defrag=root.text(f"{THP}/khugepaged/defrag", 4096),
        sizes=sizes,
        table_kib=_table_kib(root, kind, sizes),
    )

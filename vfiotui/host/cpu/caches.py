"""The caches of one CPU and who shares them (ABI/testing/sysfs-devices-system-cpu, cache/)."""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import cpu_list, cpu_mask
from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.cpu.topology import Cache, CpuSet

SIZE = re.compile(r"(\d{1,9})\s*([KMG]?)B?$")
KINDS = ("Data", "Instruction", "Unified")
UNIT = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def parse_size(text: str) -> Reading[int]:
    """Bytes of a size such as "32768K".

    >>> parse_size("32768K"), parse_size("1M")
    (33554432, 1048576)
    """
    match = SIZE.match(text.strip())
    return int(match[1]) * UNIT[match[2]] if match else Unread(f"is no cache size: {text[:20]!r}", Why.DAMAGED)


def shared_by(root: Root, folder: str, cpu: int) -> Reading[CpuSet]:
    """The CPUs that share a cache, the CPU itself among them."""
    listed = cpu_list(root, f"{folder}/shared_cpu_list")
    if isinstance(listed, Unread) or not listed:
        listed = cpu_mask(root, f"{folder}/shared_cpu_map")
    if not isinstance(listed, Unread) and cpu not in listed:
        return Unread("does not list its own CPU", Why.DAMAGED, folder)
    return listed


def read_caches(root: Root, folder: str, cpu: int) -> tuple[Cache, ...]:
    """The caches of a CPU by level; a first one that shows no type, and one without a level, are left out."""
    found = []
    for name in or_else(root.names(folder), ()):
        if not name.startswith("index"):
            continue
        level = root.integer(f"{folder}/{name}/level")
        kind = root.text(f"{folder}/{name}/type", 4096)
        if isinstance(level, Unread) or not 1 <= level <= 9:
            continue
        if isinstance(kind, Unread) or kind not in KINDS:
            if level < 2:
                continue
            # No processor has a second or third level for instructions alone.
            kind = "Unified"
        found.append(
            Cache(
                level,
                kind,
                shared_by(root, f"{folder}/{name}", cpu),
                then(root.text(f"{folder}/{name}/size", 4096), parse_size),
            )
        )
    return tuple(sorted(found, key=lambda c: (c.level, c.kind)))

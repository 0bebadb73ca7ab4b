"""What compaction could make whole at the very most: /proc/pagetypeinfo, read when asked.

The kernel walks its free lists for it with the zone locked (mm/vmstat.c): it is never read in a timer.
"""

from __future__ import annotations

import re

from vfiotui.host.memory.base_page import architecture
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.memory.host_memory import SMALL_DMA

HEAD = "Number of blocks type"
BLOCKS = re.compile(r"Node\s+(\d{1,5}), zone\s+(\S+)\s+([\d\s]+)$")
PAGES = re.compile(r"Pages per block:\s+(\d{1,9})")


def read_movable(root: Root) -> Reading[dict[int, int]]:
    """Node → small pages in blocks whose pages may be moved, used ones included.

    ZONE_DMA of x86 is left out.
    """
    path = "/proc/pagetypeinfo"
    lines = root.lines(path, 1 << 20)
    if isinstance(lines, Unread):
        return lines
    found: dict[int, int] = {}
    column = -1
    per_block = 0
    left_out = ("DMA",) if architecture(root) in SMALL_DMA else ()
    for line in lines:
        if match := PAGES.match(line):
            per_block = int(match[1])
        elif line.startswith(HEAD):
            names = line[len(HEAD) :].split()
            column = names.index("Movable") if "Movable" in names else -1
        elif column >= 0 and (match := BLOCKS.match(line)) and match[2] not in left_out:
            counts = match[3].split()
            if column < len(counts) and len(counts[column]) < 19:
                found[int(match[1])] = found.get(int(match[1]), 0) + int(counts[column]) * per_block
    if not per_block:
        return Unread("does not show how many pages a block has", Why.DAMAGED, path)
    return found or Unread("counts no movable blocks", Why.DAMAGED, path)

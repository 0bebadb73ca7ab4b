"""The pages of running guests from /proc/PID/smaps_rollup.

The kernel walks every page table of the guest for it, under a lock that the guest needs to map memory: with small
pages 15 ms for each GiB. It is read when somebody asks, never in a timer (Documentation/filesystems/proc.rst).
"""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.memory.guest_pages import PageCount

HUGE = ("AnonHugePages", "ShmemPmdMapped", "FilePmdMapped")
POOL = ("Shared_Hugetlb", "Private_Hugetlb")


def count(root: Root, pid: int) -> Reading[PageCount]:
    """The pages of one process."""
    path = f"/proc/{pid}/smaps_rollup"
    text = root.text(path)
    if isinstance(text, Unread):
        return text
    rows: dict[str, int] = {}
    for line in text.split("\n")[1:]:
        name, _, rest = line.partition(":")
        word = rest.split()[:1]
        if word and word[0].isdigit() and len(word[0]) < 19:
            rows[name] = int(word[0])
    if "Rss" not in rows or HUGE[0] not in rows:
        return Unread("counts no huge pages", Why.DAMAGED, path)
    return PageCount(rows["Rss"], sum(rows.get(n, 0) for n in HUGE), sum(rows.get(n, 0) for n in POOL))

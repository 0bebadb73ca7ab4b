"""What can be done on the Memory screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import READ_AGAIN, Action, Page

RESERVE = Action(
    "plus", "pages('reserve')", "reserve",
    "make a plan and show it: pages for guests, pages back to the host, larger free blocks, caches dropped, pages at "
    "every boot, on demand (o: surplus pages) or at a guest's start. What the kernel gives in part is kept and said; "
    "2 GiB, or a tenth of what is available, always stays for the host",
    shown="+ - c d b o h", bar="+",
)  # fmt: skip
RELEASE = Action("minus", "pages('release')", "release")
PERSIST = Action("b", "pages('persist')", "at boot")
OVERCOMMIT = Action("o", "pages('overcommit')", "on demand")
HOOK = Action("h", "hook", "at a guest's start")
COMPACT = Action("c", "now('compact')", "compact")
DROP_CACHES = Action("d", "now('drop-caches')", "drop caches")
COUNT = Action(
    "s", "count", "small pages",
    "counts the pages of the running guests, huge and small. The kernel walks all their page tables for it, up to 15 "
    "ms for each GiB in small pages, and holds up the guest's own changes meanwhile: it is done once for each key, "
    "and the cost is shown",
)  # fmt: skip

MEMORY: Page = (
    "guests  whether each has its huge pages, and what is in small ones; what does not run: what it would need",
    "pools  pages that are set aside for guests with <hugepages/>",
    "right now  how many blocks of each size of huge pages the allocator could hand out at once; the graph is the last "
    "two minutes, from none at its foot to the most of that time",
    "fragments  where the free memory lies, by block size: high on the left means in small pieces; whole is what "
    "lies in blocks of a huge page and more",
    "THP  transparent huge pages; VFIO pins a guest's memory when it starts, so what is small then stays small",
    "",
    RESERVE,
    RELEASE,
    COMPACT,
    DROP_CACHES,
    PERSIST,
    OVERCOMMIT,
    HOOK,
    "",
    COUNT,
)
KEYS = (RESERVE, RELEASE, COUNT, COMPACT, DROP_CACHES, PERSIST, OVERCOMMIT, HOOK, READ_AGAIN)

"""Whether a guest that has just started got the huge pages that it asks for."""

from __future__ import annotations

from vfiotui.model.guest.domain import Domain
from vfiotui.model.live.alarm import Alarm
from vfiotui.model.memory.guest_backing import GuestBacking

SETTLE_SECONDS = 20.0
"""After its start a guest has touched what it touches at once: then it is seen in which pages."""
SMALL_SHARE = 0.02
"""Of a guest's memory in pages that it did not ask for: from here on it is reported."""
OWN_KIB = 128 << 10
"""What QEMU itself may hold in small pages."""
COUNTED = "counted"
"""The kind of the word about a guest that is well, but whose page tables were walked to know it."""


def shortfall(guest: GuestBacking, at: float, domain: Domain | None = None) -> Alarm | None:
    """The word about a guest's pages at a moment; None where there is nothing to tell, or nothing known.

    `domain` tells whether it asks for the pool. Only what the guest has touched counts: the rest may still come in huge
    pages. A walk is always told with what it took, for the guest may have waited for it.
    """
    words = _pool(guest, domain) or _small(guest)
    cost = "" if guest.walk_ms is None else f" (counted once, in {guest.walk_ms:.0f} ms)"
    if words:
        return Alarm(guest.name, "pages", f"{words}{cost}", at)
    if cost and guest.well is True:
        return Alarm(guest.name, COUNTED, f"{guest.name} has its huge pages{cost}", at)
    return None


def _pool(guest: GuestBacking, domain: Domain | None) -> str:
    """What lies beside the pool that was asked for; with pages for some cells only it is told that none came."""
    memory, resident, pool = guest.memory_kib, guest.resident_kib, guest.hugetlb_kib
    if domain is None or not domain.huge_pages:
        return ""
    if not (isinstance(memory, int) and isinstance(resident, int) and isinstance(pool, int)):
        return ""
    some = any(page.nodeset for page in domain.huge_pages)
    if pool >= memory or (some and pool) or resident - OWN_KIB <= SMALL_SHARE * memory:
        return ""
    got = f"got {pool:,} kB of its {memory:,} kB there" if pool else "got none"
    return f"{guest.name} asks for huge pages from the pool and {got}; only a start with enough free pages fixes it"


def _small(guest: GuestBacking) -> str:
    """What lies in small pages, where it is too much."""
    memory, resident, huge, small = guest.memory_kib, guest.resident_kib, guest.transparent_kib, guest.small_kib
    if not (isinstance(memory, int) and isinstance(resident, int) and isinstance(small, int)):
        return ""
    transparent = huge if isinstance(huge, int) else 0
    if min(small, resident - transparent - OWN_KIB) <= SMALL_SHARE * memory:
        return ""
    mend = (
        "its memory is held where it lies: only a start with more free room fixes it"
        if guest.pinned
        else "khugepaged may still join them"
    )
    return f"{guest.name} has {small:,} kB of its {memory:,} kB in small pages; {mend}"

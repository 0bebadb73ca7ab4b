"""Huge pages that come when a guest asks for them and go when it ends: surplus pages beyond the pool."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.change import set_value
from vfiotui.model.finding.finding import Risk
from vfiotui.model.memory.page_words import page_words
from vfiotui.plan.boot.sysctl import at_boot
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.memory.ask import leave_room_at_start, meminfo, memory_of, number, parse, pool_of, predictable
from vfiotui.plan.memory.boot import write_at_boot


def overcommit(draft: Draft, argument: str) -> None:
    """The pool may grow by so many pages on demand, now and at every boot; 0 ends it.

    The kernel takes no such number for gigantic pages (Documentation/admin-guide/mm/hugetlbpage.rst).
    """
    ask, memory = parse(argument), memory_of(draft.facts)
    pool = pool_of(memory, ask)
    if ask.node is not None:
        raise PlanError("surplus pages come from any node: name no node, such as 2048=512")
    if ask.count is None or ask.whole:
        raise PlanError("say by how many pages the pool may grow, such as 2048=512; 0 ends it")
    if not predictable(memory, ask.size_kib):
        largest = memory.largest_kib
        why = f", as the largest block is not known ({largest})" if isinstance(largest, Unread) else ""
        raise PlanError(f"the kernel makes no surplus pages of {page_words(ask.size_kib)}{why}: reserve them")
    now = number(pool.overcommit, f"{pool.size_kib} KiB: nr_overcommit_hugepages")
    # Nobody predicts whether the blocks are there when the guest starts; the host must bear it if they are.
    leave_room_at_start(memory, (ask.count + or_else(pool.total, 0) - or_else(pool.surplus, 0)) * ask.size_kib)
    place = ask.place.replace("nr_hugepages", "nr_overcommit_hugepages")
    what = f"let the pool of {page_words(ask.size_kib)} grow by {ask.count} pages when guests ask"
    if now != ask.count:
        draft.add(
            set_value(place, f"{now}\n".encode(), str(ask.count).encode(), f"{what}, now", risk=Risk.R1), Phase.RUNTIME
        )
    if ask.size_kib == meminfo(memory, "Hugepagesize"):
        at_boot(draft, "vm.nr_overcommit_hugepages", str(ask.count), f"{what}, at every boot")
    else:
        write_at_boot(draft, place, str(ask.count), f"{what}, at every boot")
    if ask.count:
        draft.note("surplus pages are not reserved: a guest that starts when memory is in pieces may not get them")


PLANNERS = (
    Planner(
        "memory.overcommit", "KIB=COUNT", "allow surplus huge pages now and at every boot", "Overcommit {}",
        overcommit,
    ),
)  # fmt: skip

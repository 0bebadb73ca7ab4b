"""The host keeps memory for itself.

Expected
    Huge pages that are reserved leave at least 4 GiB and a quarter of the memory.
Why
    Reserved pages serve nothing else: the host runs out of memory at the next boot, or in the middle of a day,
    and no swap helps.
How it is read
    nr_hugepages of every pool; hugepages= of the next command line; MemTotal.
Fix
    Reserve what the guests need and no more.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/hugetlbpage.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.memory.guest_memory import demands_of
from vfiotui.model.memory.host_memory import HugePool, Memory
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, holds, known, rule, seen

KEEP_KIB, SHARE = 4 << 20, 0.75
GIB = 1 << 20


def _fix(facts: Facts, memory: Memory, pools: list[HugePool]) -> Fix:
    """What the guests need stays, now and at every boot; where that is not known a person chooses."""
    text = "reserve what the guests need, and leave 4 GiB at least"
    domains = facts.virt if isinstance(facts.virt, Unread) else facts.virt.all_domains
    demands = [demands_of(memory, domain) for domain in or_else(domains, ())]
    if any(isinstance(reading, Unread) for reading in (domains, *demands)):
        return by_hand(ByHand.CHOICE, text, Risk.R2)
    asked = [demand for reading in demands for demand in or_else(reading, ())]
    goals = []
    for pool in pools:
        more = known(pool.total) - sum(d.count for d in asked if d.size_kib == pool.size_kib)
        free = min(more, known(pool.free))
        if free > 0:
            goals.append(("memory.release", f"{pool.size_kib}={free}"))
            goals.append(("memory.persist", f"{pool.size_kib}={known(pool.total) - free}"))
    return fix(text, Risk.R2, *goals) if goals else by_hand(ByHand.CHOICE, text, Risk.R2)


@rule("MEM-RESERVE-HUGE", Severity.WARN, needs=("memory",), fires="greedy", silent="tower")
def check(facts: Facts) -> Answers:
    memory = known(facts.memory)
    meminfo = known(memory.meminfo)
    total = known(meminfo.get("MemTotal", Unread("shows no MemTotal", Why.DAMAGED, "/proc/meminfo")))
    pools = [p for p in known(memory.pools) if p.node is None]
    taken = sum(p.size_kib * known(p.total) for p in pools)
    # Hugetlb counts the pools of all sizes, since kernel 4.18.
    if taken < meminfo.get("Hugetlb", 0):
        known(Unread(f"shows pools of {taken} of {meminfo['Hugetlb']} KiB", Why.DAMAGED, "/sys/kernel/mm/hugepages"))
    # On a small host 4 GiB would be all there is.
    limit = min(total - KEEP_KIB, int(total * SHARE)) if total > 2 * KEEP_KIB else int(total * SHARE)
    evidence = (
        *(seen(f"/sys/kernel/mm/hugepages/hugepages-{p.size_kib}kB/nr_hugepages", p.total) for p in pools),
        seen("/proc/meminfo", f"MemTotal {total} kB"),
    )
    if taken > limit:
        yield fails(
            "host",
            f"{taken / GIB:.1f} of {total / GIB:.1f} GiB are reserved as huge pages: too little is left for the host.",
            *evidence,
            fix=_fix(facts, memory, pools),
        )
    else:
        yield holds("host", f"{taken / GIB:.1f} of {total / GIB:.1f} GiB are reserved", *evidence)

"""The host has the size of huge page that a guest asks for.

Expected
    A pool of each page size of <hugepages> exists.
Why
    libvirt finds no hugetlbfs of that size and refuses the guest. Pages of 1 GiB need the processor's
    pdpe1gb.
How it is read
    <hugepages>, /sys/kernel/mm/hugepages.
Fix
    Ask for a size that there is.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/hugetlbpage.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import page_size
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-PAGE-SIZE", Severity.FAIL, needs=("memory",), fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.huge_pages:
        return
    memory = known(facts.memory)
    pools = sorted({p.size_kib for p in known(memory.pools)})
    sizes = {known(page_size(memory, page)) for page in domain.huge_pages}
    evidence = (
        seen(domain.source, f"pages of {' and '.join(str(s) for s in sorted(sizes))} KiB"),
        seen("/sys/kernel/mm/hugepages", f"pools of {' and '.join(map(str, pools)) or 'no'} KiB"),
    )
    lacking = sorted(sizes - set(pools))
    # libvirt takes the size of a small page for memory without a pool.
    if lacking and known(memory.small_kib) in lacking:
        lacking.remove(known(memory.small_kib))
    if lacking:
        yield fails(
            domain.name,
            f"This host has no huge pages of {lacking[0]} KiB: it does not start.",
            *evidence,
            fix=fix("ask for the default size", Risk.R2, ("domain.memory.huge", "0")),
        )
    else:
        yield holds(domain.name, "the page size is there", *evidence)

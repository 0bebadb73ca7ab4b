"""A guest's memory is a whole number of huge pages.

Expected
    The memory of each NUMA cell, or <memory> where there are no cells, can be divided by the page size of
    <hugepages>.
Why
    The rest is lost or the guest is refused.
How it is read
    <numa>, <memory>, <hugepages>, the default size of /proc/meminfo.
Fix
    Round the memory up.
Valid for
    Every kernel.
Sources
    libvirt formatdomain, memory backing.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import page_size, parts_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-PAGE-MULTIPLE", Severity.FAIL, needs=("memory",), fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.huge_pages or domain.backing.modules:
        return
    whole = 0
    for page in domain.huge_pages:
        size = known(page_size(known(facts.memory), page))
        parts = known(parts_of(domain, page))
        odd = [part for part in parts if part % size]
        said = f"{', '.join(map(str, parts))} KiB in pages of {size} KiB"
        if odd:
            rounded = -(-odd[0] // size) * size
            goal = () if domain.cells else (("domain.memory.round", str(rounded)),)
            yield fails(
                domain.name,
                f"A cell has {odd[0]} KiB, which is no whole number of pages of {size} KiB."
                if domain.cells
                else f"Its {odd[0]} KiB are no whole number of pages of {size} KiB.",
                seen(domain.source, said),
                fix=fix(f"give it {rounded} KiB", Risk.R2, *goal),
            )
            return
        whole += sum(parts) // size
    yield holds(domain.name, f"{whole} whole pages", seen(domain.source, f"huge pages for {domain.memory_kib} KiB"))

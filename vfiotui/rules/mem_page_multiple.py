"""A guest's memory is a whole number of huge pages.

What must hold
    <memory> can be divided by the page size of <hugepages>.
Why
    The rest is lost or the guest is refused.
How it is read
    <memory>, <hugepages>, the default size of /proc/meminfo.
Fix
    Round the memory up.
Valid for
    Every kernel.
Sources
    libvirt formatdomain, memory backing.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.guest_memory import page_size
from vfiotui.rules.rule import Answer, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-PAGE-MULTIPLE", Severity.FAIL, needs=("memory",), fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Iterator[Answer]:
    if len(domain.huge_pages) != 1 or domain.backing.modules:
        return
    size = known(page_size(known(facts.memory), domain.huge_pages[0]))
    evidence = seen(domain.source, f"{domain.memory_kib} KiB in pages of {size} KiB")
    if size <= 0:
        return
    if domain.memory_kib % size:
        whole = -(-domain.memory_kib // size) * size
        yield fails(
            domain.name,
            f"Its {domain.memory_kib} KiB are no whole number of pages of {size} KiB.",
            evidence,
            fix=fix(f"give it {whole} KiB", Risk.R2, ("domain.memory.round", str(whole))),
        )
    else:
        yield holds(domain.name, f"{domain.memory_kib // size} whole pages", evidence)

"""A tuned guest has huge pages of some kind.

Expected
    A guest with pins or PCI devices asks for huge pages, or transparent ones that fill a page table are allowed.
Why
    Without them each address that the guest touches costs a longer walk; memory that VFIO has pinned stays in
    small pages until the guest ends.
How it is read
    <hugepages>, /sys/kernel/mm/transparent_hugepage/enabled, hugepages-*kB/enabled, hpage_pmd_size.
Fix
    Set enabled to madvise or always, or use <hugepages/>.
Valid for
    Every kernel; the files of the sizes since 6.8.
Sources
    Documentation/admin-guide/mm/transhuge.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.page_words import page_words
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule(
    "MEM-THP-OFF", Severity.WARN, needs=("memory",), fires="guest-thp-off", silent="clean", changes=(Part.KERNEL,)
)
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.huge_pages or domain.shared_memory or not (bool(domain.vcpu_pins) or known(domain.takes_pci)):
        return
    thp = known(facts.memory).thp
    enabled, allowed = known(thp.enabled), known(thp.allowed())
    table = known(thp.table_kib) if thp.sizes else max(allowed, default=0)
    by_size = thp.by_size()
    evidence = seen("/sys/kernel/mm/transparent_hugepage/enabled", f"{enabled}{by_size and f'; {by_size}'}")
    if table not in allowed or not allowed:
        smaller = " and ".join(page_words(size) for size in allowed)
        yield fails(
            domain.name,
            f"It asks for no huge pages, and transparent ones of {page_words(table)} are switched off: only those of "
            f"{smaller} are on."
            if smaller
            else "It asks for no huge pages, and transparent ones are switched off.",
            seen(domain.source, "no hugepages"),
            evidence,
            fix=fix("allow transparent huge pages to guests", Risk.R2, ("thp.enabled", "madvise")),
        )
    else:
        yield holds(domain.name, f"transparent huge pages are allowed: {enabled}", evidence)

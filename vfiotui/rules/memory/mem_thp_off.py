"""A tuned guest has huge pages of some kind.

Expected
    A guest with pins or PCI devices asks for huge pages, or transparent ones are allowed for its size.
Why
    Without them each address that the guest touches costs a longer walk; memory that VFIO has pinned stays in
    small pages until the guest ends.
How it is read
    <hugepages>, /sys/kernel/mm/transparent_hugepage/enabled and hugepages-2048kB/enabled.
Fix
    Set enabled to madvise or always, or use <hugepages/>.
Valid for
    Every kernel; the file of the size since 6.8.
Sources
    Documentation/admin-guide/mm/transhuge.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import if_absent
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-THP-OFF", Severity.WARN, needs=("memory",), fires="guest-thp-off", silent="clean")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.huge_pages or domain.shared_memory or not (bool(domain.vcpu_pins) or known(domain.takes_pci)):
        return
    thp = known(facts.memory).thp
    enabled, size = known(thp.enabled), known(if_absent(thp.size_2m_enabled, "inherit"))
    evidence = seen("/sys/kernel/mm/transparent_hugepage/enabled", f"{enabled}, 2 MiB {size}")
    if size == "never" or (enabled == "never" and size == "inherit"):
        yield fails(
            domain.name,
            "It asks for no huge pages, and transparent ones are switched off.",
            seen(domain.source, "no hugepages"),
            evidence,
            fix=fix("use huge pages for it", Risk.R2, ("domain.memory.huge", "0")),
        )
    else:
        yield holds(domain.name, f"transparent huge pages are allowed: {enabled}", evidence)

"""Shared memory of a guest can have transparent huge pages.

Expected
    Where a guest's memory is shared (memfd, virtiofs, vhost-user) and no huge pages are asked for,
    shmem_enabled allows transparent ones.
Why
    Shared memory does not follow 'enabled' but 'shmem_enabled', whose default is never: the whole guest lies
    in small pages.
How it is read
    <memoryBacking>, /sys/kernel/mm/transparent_hugepage/shmem_enabled, and those of each size.
Fix
    Set shmem_enabled to advise or within_size, or use huge pages.
Valid for
    Every kernel with transparent huge pages.
Sources
    Documentation/admin-guide/mm/transhuge.rst; libvirt kbase, virtiofs.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule(
    "MEM-THP-SHARED",
    Severity.WARN,
    needs=("memory",),
    fires="guest-memory",
    silent="guest-shared",
    changes=(Part.KERNEL,),
)
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.shared_memory or domain.huge_pages:
        return
    thp = known(facts.memory).thp
    word, allowed = known(thp.shmem_enabled), known(thp.allowed(shared=True))
    evidence = (
        seen(domain.source, "shared memory without huge pages"),
        seen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", word),
    )
    if not allowed:
        yield fails(
            domain.name,
            "Its memory is shared, and shared memory gets no huge pages on this host.",
            *evidence,
            fix=fix("allow them on advice", Risk.R1, ("memory.shmem-thp", "advise")),
        )
    else:
        yield holds(
            domain.name, f"shared memory may have huge pages: {', '.join(sorted(set(allowed.values())))}", *evidence
        )

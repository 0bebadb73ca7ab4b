"""A guest with PCI devices does not lock its memory by itself.

Expected
    <locked/> is not set for a guest with PCI devices of the host.
Why
    VFIO pins the memory anyway. <locked/> also locks all of QEMU, and needs a hard_limit that cannot be
    computed.
How it is read
    <memoryBacking>, <memtune>.
Fix
    Take <locked/> away.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, memory backing and memory tuning.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-LOCKED", Severity.INFO, fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not known(domain.takes_pci):
        return
    if domain.backing.locked:
        limit = domain.backing.hard_limit_kib
        yield fails(
            domain.name,
            "It locks its memory, which VFIO pins already"
            + ("." if limit else "; without a hard_limit QEMU may lock all memory of the host."),
            seen(domain.source, f"locked, hard_limit {limit or 'none'}"),
            fix=fix("take locked away", Risk.R2, ("domain.memory.locked", "off")),
        )
    else:
        yield holds(domain.name, "VFIO alone pins its memory", seen(domain.source, "not locked"))

"""The host has the memory that a guest will pin.

Expected
    A guest with PCI devices and without huge pages asks for less than the host has, and than is available
    now.
Why
    VFIO pins all of its memory at the start: nothing can be swapped out, and the host kills programs or the
    guest fails to start.
How it is read
    <memory>, MemTotal and MemAvailable of /proc/meminfo; guests that run are left out.
Fix
    Give it less memory, or stop what holds it.
Valid for
    Guests with PCI devices.
Sources
    drivers/vfio/vfio_iommu_type1.c; proc_meminfo(5).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import memory_of
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen, unknown

ROWS = ("MemTotal", "MemAvailable")


@guest_rule("MEM-SHORT", Severity.FAIL, needs=("memory",), fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.running or domain.huge_pages or not known(domain.takes_pci):
        return
    meminfo = known(known(facts.memory).meminfo)
    total, available = (meminfo.get(n, Unread(f"shows no {n}", Why.DAMAGED, "/proc/meminfo")) for n in ROWS)
    total = known(total)
    known(memory_of(domain))
    evidence = (
        seen(domain.source, f"{domain.memory_kib} KiB"),
        seen("/proc/meminfo", f"MemTotal {total} kB, MemAvailable {or_else(available, 'unknown')} kB"),
    )
    if domain.memory_kib >= total:
        yield fails(
            domain.name,
            "It is to have more memory than this host: all of it is pinned at the start.",
            *evidence,
            fix=by_hand(ByHand.CHOICE, "give it less memory", Risk.R2),
        )
    elif domain.memory_kib > known(available) and domain.state == "unknown":
        yield unknown(domain.name, "it wants more than is available; whether it runs and has it is not seen", *evidence)
    elif domain.memory_kib > known(available):
        yield fails(
            domain.name,
            "It will pin more memory than is available now.",
            *evidence,
            fix=by_hand(ByHand.CHOICE, "stop what holds the memory, or give it less", Risk.R2),
            severity=Severity.WARN,
        )
    else:
        yield holds(domain.name, "the host has enough free memory for it", *evidence)

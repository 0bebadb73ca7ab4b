"""KSM does not search a guest whose memory is pinned.

Expected
    Where KSM runs, a guest with PCI devices has <nosharepages/>.
Why
    Pinned pages cannot be merged: KSM reads through them for nothing.
How it is read
    /sys/kernel/mm/ksm/run, <memoryBacking>.
Fix
    Add <nosharepages/> to <memoryBacking>.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/ksm.rst; libvirt formatdomain, memory backing.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("MEM-KSM", Severity.INFO, needs=("memory",), fires="guest-memory", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not known(domain.takes_pci):
        return
    run = known(known(facts.memory).ksm_run)
    evidence = (
        seen("/sys/kernel/mm/ksm/run", run),
        seen(domain.source, "nosharepages" if domain.backing.no_share_pages else "no nosharepages"),
    )
    if run == 1 and not domain.backing.no_share_pages:
        yield fails(
            domain.name,
            "KSM runs, and searches its pinned memory for nothing.",
            *evidence,
            fix=fix("add nosharepages", Risk.R2, ("domain.memory.nosharepages", "on")),
        )
    else:
        yield holds(domain.name, "KSM leaves it alone", *evidence)

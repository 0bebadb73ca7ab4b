"""The host's interrupts stay off the CPUs of vCPUs.

Expected
    No busy interrupt of a host device is served by a CPU that a vCPU is pinned to.
Why
    Each one throws the vCPU out for some microseconds; a disk or network card under load does it thousands of
    times a second.
How it is read
    /proc/interrupts (counts since boot, divided by the time since then) and effective_affinity_list of each line.
    Lines of passed devices belong there. On processors that post interrupts their own lines may not count at all.
Fix
    Write the host's CPUs into /proc/irq/N/smp_affinity_list, or irqaffinity= at boot. Queues of NVMe and the like
    are placed by the kernel and refuse: isolcpus=managed_irq at boot moves them.
Valid for
    effective_affinity_list since kernel 4.13.
Sources
    Documentation/core-api/irq/irq-affinity.rst; Documentation/filesystems/proc.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen

BUSY = 20.0
"""Interrupts in a second, averaged since boot."""
SHOWN = 5


@rule("IRQ-ON-VCPU", Severity.WARN, needs=("interrupts", "virt"), fires="noisy", silent="clean")
def check(facts: Facts) -> Answers:
    interrupts = known(facts.interrupts)
    guests(facts)
    pinned = pinned_cpus(facts.virt)
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
        return
    uptime = max(known(interrupts.uptime), 1.0)
    rates = [(irq.count_on(pinned) / uptime, irq) for irq in interrupts.irqs if not irq.vfio]
    rates = [(rate, irq) for rate, irq in rates if rate >= BUSY]
    here = [(rate, irq) for rate, irq in rates if or_else(irq.served_by, frozenset()) & pinned]
    busy = sorted(here, key=lambda r: -r[0])
    free = [(rate, irq) for rate, irq in busy if not irq.managed]
    bound = [(rate, irq) for rate, irq in busy if irq.managed]
    for some, word in ((free, "can be moved"), (bound, "are placed by the kernel, by their names")):
        if some:
            names = ", ".join(f"{irq.name} ({rate:.0f}/s)" for rate, irq in some[:SHOWN])
            numbers = " ".join(str(irq.number) for _, irq in some)
            yield fails(
                "host",
                f"{len(some)} busy interrupts of the host land on CPUs of vCPUs and {word}: {names}.",
                *(
                    seen(f"/proc/irq/{irq.number}/effective_affinity_list", format_list(or_else(irq.served_by, ())))
                    for _, irq in some[:SHOWN]
                ),
                fix=fix(f"write the host's CPUs into smp_affinity_list of {numbers}", Risk.R1)
                if some is free
                else fix("isolcpus=managed_irq,… at boot, or leave them", Risk.R2),
                severity=Severity.WARN if some is free else Severity.INFO,
            )
    if not busy:
        # A line that came often on these CPUs may have been moved away since.
        for _, irq in rates:
            known(irq.served_by)
        yield holds("host", f"none of {len(interrupts.irqs)} lines is busy on CPUs {format_list(pinned)}")

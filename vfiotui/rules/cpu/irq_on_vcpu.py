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

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guests, holds, known, not_applicable, rule, seen

BUSY = 20.0
"""Interrupts in a second, averaged since boot."""
SHOWN = 5


def _move(facts: Facts, numbers: list[int], pinned: frozenset[int]) -> Fix:
    """The interrupts onto the CPUs that the guests leave to the host; where they leave none a person chooses."""
    cpus = frozenset() if isinstance(facts.cpu, Unread) else frozenset(c.cpu for c in facts.cpu.online_cpus)
    text = f"write the host's CPUs into smp_affinity_list of {' '.join(map(str, numbers))}"
    rest = format_list(cpus - pinned)
    goals = (("value.set", f"/proc/irq/{number}/smp_affinity_list={rest}") for number in numbers)
    return fix(text, Risk.R1, *goals) if rest else by_hand(ByHand.CHOICE, f"{text}; guests have all CPUs", Risk.R1)


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
            numbers = [irq.number for _, irq in some]
            yield fails(
                "host",
                f"{len(some)} busy interrupts of the host land on CPUs of vCPUs and {word}: {names}.",
                *(
                    seen(f"/proc/irq/{irq.number}/effective_affinity_list", format_list(or_else(irq.served_by, ())))
                    for _, irq in some[:SHOWN]
                ),
                fix=_move(facts, numbers, pinned)
                if some is free
                else by_hand(ByHand.CHOICE, "leave them, or isolcpus=managed_irq,… at boot", Risk.R2),
                severity=Severity.WARN if some is free else Severity.INFO,
            )
    if not busy:
        # A line that came often on these CPUs may have been moved away since.
        for _, irq in rates:
            known(irq.served_by)
        yield holds("host", f"none of {len(interrupts.irqs)} lines is busy on CPUs {format_list(pinned)}")

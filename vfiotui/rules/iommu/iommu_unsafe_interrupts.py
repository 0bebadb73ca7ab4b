"""Unsafe interrupts are not allowed.

Expected
    vfio_iommu_type1 runs without allow_unsafe_interrupts.
Why
    With it, a guest that owns a device can inject interrupts into the host.
How it is read
    The module's parameter in /sys/module, and options lines of modprobe.d and the command line.
Fix
    Take the option away where the IOMMU remaps interrupts (IOMMU-INTERRUPT-REMAP holds).
Valid for
    Every kernel with vfio.
Sources
    drivers/vfio/vfio_iommu_type1.c, parameter allow_unsafe_interrupts.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Modules
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.rules.engine import OPTIONS, Answers, ByHand, all_options, by_hand, fails, fix, holds, known, rule, seen

OPTION = "allow_unsafe_interrupts"


def _fix(facts: Facts) -> Fix:
    """The option goes, but on a host that is seen to remap no interrupts: there it is what lets devices be assigned."""
    text = f"take {OPTION} away unless the board cannot remap interrupts"
    units = facts.iommu if isinstance(facts.iommu, Unread) else facts.iommu.units
    irqs = () if isinstance(facts.interrupts, Unread) else facts.interrupts.irqs
    cannot = not isinstance(units, Unread) and any(u.interrupt_remapping is False for u in units)
    if cannot or (irqs and not any(irq.remapped for irq in irqs)):
        return by_hand(ByHand.CHOICE, text, Risk.R2)
    return fix(text, Risk.R2, ("modprobe.option.drop", f"vfio_iommu_type1 {OPTION}"))


@rule(
    "IOMMU-UNSAFE-INTERRUPTS",
    Severity.WARN,
    needs=("boot",),
    fires="old-advice",
    silent="tower",
    reads=OPTIONS,
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    evidence = [
        seen(f"{file.path}:{number}", line)
        for file in boot.modprobe
        for number, line in file.numbered()
        if line.startswith("options") and OPTION in line and f"{OPTION}=0" not in line and f"{OPTION}=N" not in line
    ]
    for line in boot.lines:
        if line.last(f"vfio_iommu_type1.{OPTION}") in ("1", "y", "Y"):
            evidence.append(seen(line.source, f"vfio_iommu_type1.{OPTION}"))
    if isinstance(facts.modules, Modules) and facts.modules.parameters.get(f"vfio_iommu_type1.{OPTION}") == "Y":
        evidence.append(seen(f"/sys/module/vfio_iommu_type1/parameters/{OPTION}", "Y"))
    if evidence:
        yield fails(
            "host",
            "Unsafe interrupts are allowed: a guest with a passed device can inject interrupts into the host.",
            *evidence,
            fix=_fix(facts),
        )
    else:
        all_options(facts)
        yield holds("host", f"{OPTION} is not set")

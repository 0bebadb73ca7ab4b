"""All functions of a card's slot are in one group.

Expected
    No function of a display controller's slot is in another IOMMU group.
Why
    The functions share the slot's reset: a guest that owns only some of them cannot reset the card, and QEMU
    says which group it depends on.
How it is read
    The groups of all functions of the slot.
Fix
    Give all functions of the slot to the guest, whatever their groups.
Valid for
    Every kernel with vfio.
Sources
    QEMU hw/vfio/pci.c ('Cannot reset device, depends on group'); drivers/vfio/pci/vfio_pci_core.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.iommu import cards_in_groups, judge_group
from vfiotui.rules.engine import GROUPS, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule(
    "GROUP-COMPANIONS",
    Severity.WARN,
    needs=("iommu", "pci"),
    fires="split-slot",
    silent="clean",
    reads=GROUPS,
)
def check(facts: Facts) -> Answers:
    groups, bus = known(known(facts.iommu).groups), known(facts.pci)
    cards = cards_in_groups(bus, groups)
    if not cards:
        yield not_applicable("host", "no display controller is in a group")
    for device, group in cards:
        verdict = judge_group(device, group, bus)
        evidence = [
            seen(f"/sys/bus/pci/devices/{d.bdf}/iommu_group", d.group)
            for d in bus.functions(device.slot)
            if d.group is not None
        ]
        if verdict.companions:
            yield fails(
                device.bdf,
                f"{', '.join(verdict.companions)} of the same slot: in another group, but reset together with it.",
                *evidence,
                fix=by_hand(ByHand.CHOICE, "give all functions of the slot to the guest that gets the card", Risk.R2),
                severity=Severity.INFO if device.boot_vga is True else Severity.WARN,
            )
        else:
            yield holds(device.bdf, "all functions of the slot are in one group", *evidence)

"""A card's group holds no foreign device.

Expected
    The IOMMU group of every display controller holds only functions of its own slot, and bridges.
Why
    A group can only be passed through whole: a foreign device in it goes to the guest too, or nothing does.
How it is read
    /sys/kernel/iommu_groups/N/devices with the class of each member. Bridges and root ports in a group are
    normal and stay with the host. The bridges above the card show whether its slot hangs at the CPU or behind
    the chipset.
Fix
    Another slot first (one wired to the CPU), then the firmware's ACS and AER settings, then a newer kernel;
    the ACS override patch only as the last resort: it hides the missing isolation and does not make it.
Valid for
    Every kernel with IOMMU groups.
Sources
    Documentation/driver-api/vfio.rst; drivers/iommu/iommu.c pci_device_group.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.machine import OWN_PORT, by_whom, inside_machine
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Evidence, Severity
from vfiotui.model.pci.host_use import host_loses
from vfiotui.model.pci.iommu import cards_in_groups, judge_group
from vfiotui.model.pci.slot_location import CHIPSET, CPU, wired_to
from vfiotui.rules.engine import GROUPS, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

FIXES = {
    CHIPSET: "its slot hangs behind the chipset: move it to one of the CPU, or look for ACS in the firmware setup",
    CPU: "its slot hangs at the CPU: look for ACS and AER in the firmware setup, or move what shares its root port",
    "": "move the card to a slot of the CPU, or look for ACS in the firmware setup",
}
"""By where the slot hangs."""


@rule(
    "GROUP-FOREIGN",
    Severity.FAIL,
    needs=("iommu", "pci"),
    fires="tower",
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
        path = f"/sys/kernel/iommu_groups/{group.number}/devices"
        if verdict.clean:
            yield holds(
                device.bdf,
                f"group {group.number} holds only this slot and bridges",
                seen(path, " ".join(group.members)),
            )
            continue
        names, losses = [], list[Evidence]()
        for bdf in verdict.blockers:
            other = bus.get(bdf)
            names.append(f"{bdf} {other.name}" if other else bdf)
            lost = host_loses(other, bus, facts.usb, facts.host_use) if other else ()
            losses += (
                [seen(f"/sys/bus/pci/devices/{bdf}", f"passing it through removes from the host: {'; '.join(lost)}")]
                if lost
                else []
            )
        boot = device.boot_vga is True
        yield fails(
            device.bdf,
            f"Group {group.number} of this card also holds {', '.join([*names, *group.foreign])}: "
            + ("the card is the boot display and may stay." if boot else "they would have to go to the guest with it."),
            seen(path, " ".join(group.members)),
            *losses,
            fix=by_hand(
                by_whom(facts, ByHand.HARDWARE),
                OWN_PORT if inside_machine(facts) else FIXES[or_else(wired_to(device, bus), "")],
            ),
            severity=Severity.INFO if boot else Severity.FAIL,
        )

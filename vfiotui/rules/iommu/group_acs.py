"""The ports above each card keep it apart.

Expected
    Every port between a graphics card and the processor has access control (ACS) switched on, or the kernel knows
    from a quirk that it isolates.
Why
    Devices below a port without ACS can reach each other's memory past the IOMMU, so the kernel puts them into
    one group.
How it is read
    The groups as the kernel has built them; ACS capability and control of the ports in their configuration space.
Fix
    Another slot, ACS or AER in the firmware setup, a newer kernel. An override patch hides the gap and does not
    close it.
Valid for
    Every kernel; pci=config_acs= (about 6.12) switches existing ACS bits only.
Sources
    drivers/iommu/iommu.c pci_device_group; drivers/pci/pci.c pci_acs_enabled; PCI Express base specification,
    6.12.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import OWN_PORT, by_whom, in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.group_why import port_gap, why_shared
from vfiotui.model.pci.iommu import judge_group
from vfiotui.rules.engine import GROUPS, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule(
    "GROUP-ACS",
    Severity.INFO,
    needs=("iommu", "pci"),
    fires="tower",
    silent="clean",
    reads=GROUPS,
)
def check(facts: Facts) -> Answers:
    groups = known(known(facts.iommu).groups)
    bus = known(facts.pci)
    judged = 0
    for group in groups:
        cards = [d for d in map(bus.get, group.members) if d is not None and d.is_display]
        if not cards:
            continue
        judged += 1
        evidence = seen(f"/sys/kernel/iommu_groups/{group.number}/devices", " ".join(group.members))
        if all(judge_group(d, group, bus).clean for d in cards):
            yield holds(f"group {group.number}", "the card is kept apart", evidence)
            continue
        words = why_shared(group, bus)
        yield fails(
            f"group {group.number}",
            f"The devices of the group are not kept apart: {'; '.join(words)}.",
            evidence,
            *(
                seen(f"/sys/bus/pci/devices/{p.bdf}/config", port_gap(p))
                for p in map(bus.get, group.members)
                if p is not None and p.is_bridge and port_gap(p)
            ),
            fix=by_hand(
                by_whom(facts, ByHand.HARDWARE),
                in_firmware(facts, "move the card to a slot of the processor, or look for ACS", OWN_PORT),
            ),
        )
    if not judged:
        yield not_applicable("host", "no display controller is in a group")

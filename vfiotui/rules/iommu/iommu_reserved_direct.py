"""The firmware claims no memory of a card that is to be passed.

Expected
    No group of a display or USB controller has a reserved region of the type direct.
Why
    The kernel refuses to give such a group away: firmware demands that the device keeps reaching this memory.
How it is read
    /sys/kernel/iommu_groups/N/reserved_regions. direct-relaxable (graphics and USB since 5.3), msi and reserved
    are fine.
Fix
    None for a user: update the firmware; the region comes from its RMRR table.
Valid for
    Kernel 4.19 and later; direct-relaxable since 5.3.
Sources
    drivers/iommu/iommu.c; ABI/testing/sysfs-kernel-iommu_groups.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.machine import by_whom, inside_machine, kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import (
    GROUPS,
    Answers,
    ByHand,
    by_hand,
    counted,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)

RELAXES = (5, 3)
"""The first kernel that lets devices with regions of graphics and USB be passed through all the same."""


@rule(
    "IOMMU-RESERVED-DIRECT",
    Severity.FAIL,
    needs=(
        "iommu",
        "pci",
    ),
    fires="bad-firmware",
    silent="tower",
    reads=(*GROUPS, "/sys/kernel/iommu_groups/*/reserved_regions"),
)
def check(facts: Facts) -> Answers:
    groups = known(known(facts.iommu).groups)
    bus = known(facts.pci)
    wanted = {d.bdf for d in bus.devices if d.is_display or d.class16 == 0x0C03}
    looked = [g for g in groups if wanted & set(g.members)]
    bad = False
    for group in looked:
        members = [m for m in group.members if m in wanted]
        for region in () if isinstance(group.reserved, Unread) else group.reserved:
            if region.kind == "direct":
                bad = True
                if not known(kernel_since(facts, RELAXES)):
                    yield unknown(
                        members[0],
                        f"this kernel calls every region of group {group.number} direct, also those it would relax",
                        seen(f"/sys/kernel/iommu_groups/{group.number}/reserved_regions", "direct"),
                    )
                    continue
                yield fails(
                    members[0],
                    f"Firmware claims memory for group {group.number}: the kernel will refuse to give it away.",
                    seen(
                        f"/sys/kernel/iommu_groups/{group.number}/reserved_regions",
                        f"{region.start:#x} {region.end:#x} direct",
                    ),
                    fix=by_hand(
                        by_whom(facts, ByHand.FIRMWARE),
                        "have the host that runs this virtual machine claim no memory for it"
                        if inside_machine(facts)
                        else "update the firmware; no setting of the kernel helps",
                    ),
                )
    if not looked:
        yield not_applicable("host", "no display or USB controller is in a group")
    elif not bad:
        for group in looked:
            known(group.reserved)
        yield holds(
            "host",
            f"no region of the type direct in {counted(len(looked), 'group')} of display and USB controllers",
            *(seen(f"/sys/kernel/iommu_groups/{g.number}/reserved_regions", "none is direct") for g in looked),
        )

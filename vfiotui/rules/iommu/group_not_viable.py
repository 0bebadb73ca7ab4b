"""A group that is passed through has no member with a host driver.

Expected
    Where one member of a group is bound to vfio-pci, every other one is bound to a vfio driver, pci-stub,
    pcieport or nothing.
Why
    The kernel refuses to open the group otherwise; QEMU then says that the group is not viable.
How it is read
    The driver of every member of the group.
Fix
    Bind the other members to vfio-pci as well, or leave them without a driver. Never bind a bridge.
Valid for
    Every kernel with vfio. The drivers that may stay are those that declare driver_managed_dma.
Sources
    drivers/pci/pci-stub.c; drivers/pci/pcie/portdrv.c; QEMU hw/vfio/container.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import DRIVERS, GROUPS, Answers, fails, fix, holds, known, not_applicable, rule, seen


def is_vfio(driver: str) -> bool:
    """vfio-pci and its variants (nvgrace-gpu-vfio-pci, xe-vfio-pci, …)."""
    return "vfio" in driver


def may_stay(driver: str) -> bool:
    """Drivers beside which a group stays viable."""
    return is_vfio(driver) or driver in ("pci-stub", "pcieport")


@rule(
    "GROUP-NOT-VIABLE",
    Severity.FAIL,
    needs=(
        "iommu",
        "pci",
    ),
    fires="half-bound",
    silent="clean",
    reads=(*GROUPS, *DRIVERS),
)
def check(facts: Facts) -> Answers:
    groups = known(known(facts.iommu).groups)
    bus = known(facts.pci)
    by_bdf = {d.bdf: d for d in bus.devices}
    given = 0
    for group in groups:
        members = [by_bdf[m] for m in group.members if m in by_bdf]
        if not any(isinstance(d.driver, str) and is_vfio(d.driver) for d in members):
            continue
        given += 1
        wrong = [
            d for d in members if isinstance(known(d.driver), str) and not may_stay(str(d.driver)) and not d.is_bridge
        ]
        evidence = [seen(f"/sys/bus/pci/devices/{d.bdf}/driver", d.driver or "none") for d in members]
        if wrong:
            yield fails(
                f"group {group.number}",
                f"{', '.join(f'{d.bdf} ({d.driver})' for d in wrong)} has a host driver: the group is not viable.",
                *evidence,
                fix=fix("bind the whole group to vfio-pci", Risk.R3, ("isolate.auto", ",".join(d.bdf for d in wrong))),
            )
        else:
            yield holds(f"group {group.number}", "every member may be passed through", *evidence)
    if not given:
        yield not_applicable("host", "no device is bound to vfio-pci")

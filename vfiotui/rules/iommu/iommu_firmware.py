"""The firmware offers an IOMMU.

Expected
    The ACPI tables hold DMAR (Intel VT-d), IVRS (AMD-Vi), IORT (SMMUs of ARM machines), RIMT (RISC-V) or VIOT
    (virtio-iommu of virtual machines); or the device tree has an IOMMU, and its PCI host bridges stand behind it.
Why
    The kernel finds the IOMMU only there: without it no setting of the kernel can help.
How it is read
    Presence of the table in /sys/firmware/acpi/tables; its content needs root, its presence does not. Without ACPI:
    nodes of the device tree named iommu, smmu or dart, and iommu-map of the nodes of PCI host bridges.
Fix
    Switch on VT-d, AMD-Vi, IOMMU, SMMU or SVM in the firmware setup; some boards hide it below 'northbridge' or 'AMD
    CBS'. A board with a device tree needs one in which its PCI host bridge has an iommu-map.
Valid for
    Every machine with ACPI or a device tree.
Sources
    Documentation/arch/x86/iommu.rst; VT-d specification, chapter 8; AMD I/O Virtualization specification,
    chapter 5; Arm DEN0049 (IORT); drivers/acpi/viot.c; Devicetree binding pci/pci-iommu.txt.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.host_kind import HostKind, Part
from vfiotui.model.boot.machine import by_whom, has, in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.iommu import Firmware
from vfiotui.rules.engine import (
    Answer,
    Answers,
    ByHand,
    Missing,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
)

TABLES = "/sys/firmware/acpi/tables"


@rule("IOMMU-FIRMWARE", Severity.FAIL, needs=("firmware",), fires="iommu-off", silent="tower")
def check(facts: Facts) -> Answers:
    firmware = known(facts.firmware)
    foreign = not has(facts, Part.X86)
    if there := tables_there(firmware):
        yield holds("host", f"the firmware has the table {there[0]}", seen(f"{TABLES}/{there[0]}", "present"))
        return
    if foreign and has(facts, Part.IOMMU) and isinstance(firmware.others, Unread):
        yield by_tree(facts, firmware)
        return
    for table in (firmware.dmar, firmware.ivrs, firmware.others):
        if isinstance(table, Unread):
            raise Missing(table)
    yield by_tables(facts, foreign)


def by_tables(facts: Facts, foreign: bool) -> Answer:
    """The tables are visible, and no one is of an IOMMU."""
    model = "smmuv3" if foreign else "intel"
    on = in_firmware(
        facts,
        "switch the SMMU or IOMMU on" if foreign else "switch on VT-d (Intel) or IOMMU/AMD-Vi (AMD)",
        f"give this virtual machine an IOMMU on the host that runs it (libvirt: <iommu model='{model}'/>)",
    )
    lacks = "an IORT nor a RIMT" if foreign else "a DMAR nor an IVRS"
    return fails(
        "host",
        f"The firmware shows no IOMMU: it has neither {lacks} table.",
        seen(TABLES, "no IORT, no RIMT" if foreign else "no DMAR, no IVRS"),
        fix=by_hand(by_whom(facts, ByHand.FIRMWARE), on),
    )


def tables_there(firmware: Firmware) -> list[str]:
    """Names of tables that describe an IOMMU; one that may not be read without root is there all the same."""
    tables = {"DMAR": firmware.dmar, "IVRS": firmware.ivrs}
    found = [
        n
        for n, t in tables.items()
        if t is not None and (not isinstance(t, Unread) or (t.why is Why.FORBIDDEN and t.path.endswith(f"/{n}")))
    ]
    return found + ([] if isinstance(firmware.others, Unread) else list(firmware.others))


def has_groups(facts: Facts) -> bool:
    """Whether the kernel has formed a group of PCI devices, which counts more than the device tree."""
    groups = facts.iommu if isinstance(facts.iommu, Unread) else facts.iommu.groups
    return not isinstance(groups, Unread) and any(g.members for g in groups)


def by_tree(facts: Facts, firmware: Firmware) -> Answer:
    """A machine that no ACPI table describes: what its device tree says."""
    tree = known(firmware.tree)
    name = facts.host_kind.name if isinstance(facts.host_kind, HostKind) else "a machine"
    if tree is None:
        shown = seen(TABLES, "neither ACPI tables nor a device tree")
        return not_applicable("host", f"this is {name}: it shows neither ACPI tables nor a device tree", shown)
    if not tree.iommus:
        return not_applicable(
            "host", f"this is {name}: its device tree has no node of an IOMMU", seen(tree.path, "none")
        )
    evidence = [seen(tree.path, node) for node in tree.iommus[:3]]
    evidence += [seen(f"{tree.path}: {node}", "iommu-map") for node in tree.behind[:3]]
    evidence += [seen(f"{tree.path}: {node}", "no iommu-map") for node in tree.beside[:3]]
    if tree.behind or not tree.beside or has_groups(facts):
        behind = f", and {' and '.join(tree.behind[:3])} behind it" if tree.behind else ""
        return holds("host", f"the device tree has {tree.iommus[0]}{behind}", *evidence)
    return fails(
        "host",
        f"The device tree has an IOMMU, but {' and '.join(tree.beside[:3])} is not behind it: it has no iommu-map.",
        *evidence,
        fix=by_hand(by_whom(facts, ByHand.FIRMWARE), "use a device tree in which the PCI host bridge has an iommu-map"),
    )

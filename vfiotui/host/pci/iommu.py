"""IOMMU units and groups (ABI/testing/sysfs-kernel-iommu_groups, ABI/testing/sysfs-class-iommu)."""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.iommu import Iommu, IommuGroup, IommuUnit, ReservedRegion, UnitStatus

UNITS = "/sys/class/iommu"
GROUPS = "/sys/kernel/iommu_groups"
REGISTERS = "/sys/kernel/debug/iommu/intel/iommu_regset"
"""Of kernels with CONFIG_INTEL_IOMMU_DEBUGFS (Debian's and Fedora's have it), for root where debugfs is mounted."""
REGION = re.compile(r"0x[0-9a-f]{1,16} 0x[0-9a-f]{1,16} [a-z-]+")
"""A line of reserved_regions (drivers/iommu/iommu.c iommu_group_show_resv_regions)."""


def unit_kind(name: str) -> str:
    """The maker of a unit by the kernel's name for it: dmar0, ivhd0, smmu3.0x…"""
    for prefix, kind in (("dmar", "intel"), ("ivhd", "amd"), ("smmu", "arm")):
        if name.startswith(prefix):
            return kind
    return "other"


def read_units(root: Root) -> Reading[tuple[IommuUnit, ...]]:
    """The remapping units; none where the kernel has the class but no unit."""
    names = root.names(UNITS)
    if isinstance(names, Unread):
        return names
    return tuple(
        IommuUnit(
            name,
            unit_kind(name),
            root.integer(f"{UNITS}/{name}/intel-iommu/cap", 16),
            root.integer(f"{UNITS}/{name}/intel-iommu/ecap", 16),
        )
        for name in names
    )


def read_status(root: Root, units: Reading[tuple[IommuUnit, ...]]) -> Reading[tuple[UnitStatus, ...]]:
    """What the VT-d units do now; their registers are short, and reading them changes nothing."""
    if not any(unit.kind == "intel" for unit in or_else(units, ())):
        return ()
    text = root.text(REGISTERS, 1 << 18)
    if isinstance(text, Unread):
        return text
    # Few hosts show the file: no command pays for its reader elsewhere.
    from vfiotui.formats.system.iommu_regset import global_status

    found = tuple(UnitStatus(name, gsts) for name, gsts in global_status(text).items())
    return found or Unread("holds no unit's Global Status Register", Why.DAMAGED, REGISTERS)


def read_reserved(root: Root, path: str) -> Reading[tuple[ReservedRegion, ...]]:
    """The lines of reserved_regions: start, end, kind."""
    lines = root.table(path, REGION.fullmatch, 1 << 16)
    if isinstance(lines, Unread):
        return lines
    words = (line.split() for line in lines)
    return tuple(ReservedRegion(int(start, 16), int(end, 16), kind) for start, end, kind in words)


def read_groups(root: Root) -> Reading[tuple[IommuGroup, ...]]:
    """All groups by number, members sorted by address."""
    names = root.names(GROUPS)
    if isinstance(names, Unread):
        return names
    found = []
    for name in names:
        if not (name.isdigit() and len(name) < 10):
            continue
        members = or_else(root.names(f"{GROUPS}/{name}/devices"), ())
        found.append(
            IommuGroup(
                number=int(name),
                members=tuple(m for m in members if BDF.fullmatch(m)),
                foreign=tuple(m for m in members if not BDF.fullmatch(m)),
                domain_type=root.text(f"{GROUPS}/{name}/type", 4096),
                reserved=read_reserved(root, f"{GROUPS}/{name}/reserved_regions"),
            )
        )
    return tuple(sorted(found, key=lambda g: g.number))


def groups_by_links(root: Root) -> Reading[tuple[IommuGroup, ...]]:
    """The groups as the devices' own links name them, for trees that lack the folder of groups."""
    members: dict[int, list[str]] = {}
    names = root.names("/sys/bus/pci/devices")
    if isinstance(names, Unread):
        return names
    for name in names:
        link = root.link(f"/sys/bus/pci/devices/{name}/iommu_group")
        number = "" if isinstance(link, Unread) else link.rpartition("/")[2]
        if number.isdigit() and len(number) < 10:
            members.setdefault(int(number), []).append(name)
    missing = root.names(GROUPS)
    why = missing if isinstance(missing, Unread) else Unread("is not shown", path=GROUPS)
    return tuple(IommuGroup(n, tuple(sorted(m)), (), why, why) for n, m in sorted(members.items()))


def read(root: Root) -> Reading[Iommu]:
    """Units and groups; Unread only where sysfs is not visible at all."""
    units, groups = read_units(root), read_groups(root)
    if isinstance(groups, Unread):
        linked = groups_by_links(root)
        groups = linked if not isinstance(linked, Unread) and linked else groups
    if isinstance(units, Unread) and isinstance(groups, Unread) and not root.has("sys"):
        return groups
    return Iommu(units, groups, read_status(root, units))

"""Why a running kernel has no IOMMU group, in words that fit the kind of the host."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.host_kind import HostKind, Kind, Part


def why_no_groups(kind: Reading[HostKind]) -> str:
    """One clause: whose the IOMMU is where it is not this kernel's, else that it is off.

    >>> why_no_groups(HostKind(Kind.VM, "a virtual machine (KVM)"))
    'the host that runs this virtual machine gives it no IOMMU'
    """
    if isinstance(kind, Unread):
        return "the IOMMU is off"
    if why := kind.lack((Part.IOMMU,)):
        return f"this is {kind.name}: {why}"
    if kind.kind is Kind.VM:
        return "the host that runs this virtual machine gives it no IOMMU"
    return "the IOMMU is off"

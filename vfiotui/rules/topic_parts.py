"""Which parts of a host the fixes of a topic's checks change; a check that changes others says so itself."""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part

PARTS = {
    "iommu": (Part.IOMMU,),
    "devices": (Part.IOMMU,),
    "boot": (Part.BOOT,),
    "cpu": (Part.KERNEL,),
    "memory": (Part.KERNEL,),
    "kernel_log": (Part.KERNEL,),
}
"""Folder of checks → the parts that fixes of its checks of the host change."""


def parts_of(module: str) -> tuple[Part, ...]:
    """The parts that fixes of a check change, by the dotted name of its module.

    >>> parts_of("vfiotui.rules.boot.cmdline_pending")
    (<Part.BOOT: 'boot'>,)
    """
    return PARTS.get(module.rpartition(".")[0].rpartition(".")[2], ())

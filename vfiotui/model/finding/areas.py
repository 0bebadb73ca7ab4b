"""The areas of the checks: a folder of rules each, and the words that a person reads."""

from __future__ import annotations

AREAS = {
    "iommu": "IOMMU",
    "devices": "Devices",
    "boot": "Boot",
    "cpu": "CPU",
    "pinning": "Pinning",
    "memory": "Memory",
    "guest_firmware": "Guest firmware",
    "guest_cpu": "Guest CPU",
    "guest_devices": "Guest devices",
    "guest_disks": "Guest disks",
    "kernel_log": "Kernel log",
    "security": "Security",
    "obsolete": "Obsolete settings",
}
"""The folder's name below `vfiotui/rules` → words, in the order in which areas are listed."""

ORDER = tuple(AREAS.values())


def area_of(module: str) -> str:
    """The area of the rule that a module defines, in words.

    `module` is the dotted name; a module outside of the folders of rules has the area "Host".

    >>> area_of("vfiotui.rules.guest_cpu.guest_cpu_cache")
    'Guest CPU'
    """
    return AREAS.get(module.rpartition(".")[0].rpartition(".")[2], "Host")


def area_rank(area: str) -> int:
    """A key that sorts areas in the order of `AREAS`; what is none of them comes last."""
    return ORDER.index(area) if area in ORDER else len(ORDER)

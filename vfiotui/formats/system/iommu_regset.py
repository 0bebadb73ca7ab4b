"""Registers of VT-d units as the kernel lists them (Documentation/ABI/testing/debugfs-intel-iommu, iommu_regset)."""

from __future__ import annotations

import re

UNIT = re.compile(r"IOMMU: (dmar\d{1,4}) Register Base Address: [0-9a-f]{1,16}")
STATUS = re.compile(r"GSTS\s+0x1c\s+0x([0-9a-f]{1,16})")


def global_status(text: str) -> dict[str, int]:
    """The Global Status Register of each unit, by the unit's name; a unit whose line is not there is left out.

    >>> global_status("IOMMU: dmar0 Register Base Address: fed90000\\nGSTS 0x1c 0x00000000c7000000\\n")
    {'dmar0': 3338665984}
    """
    found: dict[str, int] = {}
    unit = ""
    for line in text.split("\n"):
        if named := UNIT.fullmatch(line.strip()):
            unit = named[1]
        elif unit and (status := STATUS.fullmatch(line.strip())):
            found.setdefault(unit, int(status[1], 16))
    return found

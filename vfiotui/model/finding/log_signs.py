"""What the kernel says when passthrough goes wrong: the texts by which each trouble is known."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import LogLine


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of trouble."""

    name: str
    text: re.Pattern[str]


DMAR = Sign(
    "VT-d refuses or misses something",
    re.compile(
        r"DMAR: .*(?:DMA (?:Read|Write)|fault status|fault addr|Firmware Bug|INTR-REMAP)|\[Firmware Bug\].*DMAR"
    ),
)
AMD_VI = Sign(
    "AMD-Vi refuses or misses something",
    re.compile(
        r"AMD-Vi: (?:Event logged|Completion-Wait loop timed out)|AMD-Vi: .*(?:IO_PAGE_FAULT|ILLEGAL_DEV_TABLE_ENTRY)"
    ),
)
BAR = Sign("memory of a card is held by something else", re.compile(r"BAR \d+.*: (?:can't|cannot) reserve"))
RESET = Sign(
    "a reset failed",
    re.compile(
        r"not ready \d+ms after|timed out waiting for pending transaction|reset (?:failed|recovery)|"
        r"failed to reset|Unable to reset",
        re.IGNORECASE,
    ),
)
WAKE = Sign("a device does not wake up", re.compile(r"Unable to change power state|device inaccessible"))
AER = Sign("PCI Express errors", re.compile(r"AER: .*(?:rror|ecovery)|PCIe Bus Error"))
REFUSED = Sign(
    "vfio refuses a device",
    re.compile(r"No interrupt remapping (?:support|for this platform)|requires? this device have a 1:1 IOMMU mapping|"
               r"has requested this device have a 1:1|ineligible for IOMMU domain attach"),
)  # fmt: skip
LOST = Sign(
    "a graphics card is lost",
    re.compile(r"NVRM: .*(?:fallen off the bus|Xid)|GPU has fallen off|amdgpu.*(?:GPU reset|ring \S+ timeout|PSP tmr)"),
)
SPLIT_LOCK = Sign("split locks", re.compile(r"#(?:AC|DB): .*took a (?:split_lock|bus_lock) trap"))
DENIED = Sign(
    "QEMU or libvirt is denied something",
    re.compile(r"(?:apparmor=\"?DENIED|avc:\s+denied).*(?:qemu|libvirt|svirt|virt-aa)", re.IGNORECASE),
)
CRASH = Sign(
    "the kernel gave up",
    re.compile(
        r"Kernel panic|soft lockup|hard LOCKUP|blocked for more than \d+ seconds|Out of memory: Killed", re.IGNORECASE
    ),
)

ALL = (CRASH, REFUSED, BAR, RESET, WAKE, LOST, DMAR, AMD_VI, AER, DENIED)
"""The gravest first."""


def said(lines: Iterable[LogLine], sign: Sign) -> tuple[str, ...]:
    """The lines that show a kind of trouble, oldest first."""
    return tuple(line.text for line in lines if sign.text.search(line.text))

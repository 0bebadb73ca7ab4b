"""Kernel configuration files: CONFIG_X=y, =m, ="text", or "is not set"."""

from __future__ import annotations

import re

SET = re.compile(r"^CONFIG_(\w+)=(.*)$", re.MULTILINE)
UNSET = re.compile(r"^# CONFIG_(\w+) is not set$", re.MULTILINE)
KEPT = re.compile(
    r"IOMMU|VFIO|KVM|HUGE|SYSFB|FB_|DRM_SIMPLEDRM|SCHED_|NO_HZ|RCU_NOCB|CPU_ISOLATION|PCI_ACS|AMD_MEM|HYPERV|CPUSETS"
    r"|^CMDLINE|PAGE_SHIFT|_\d+K_PAGES|PAGE_SIZE_\d+KB"
)


def parse(text: str) -> dict[str, str]:
    """The options that passthrough depends on; "n" for what is not set.

    >>> parse("CONFIG_VFIO_PCI=m\\n# CONFIG_IOMMUFD is not set\\n")
    {'VFIO_PCI': 'm', 'IOMMUFD': 'n'}
    """
    found = {name: value.strip().strip('"') for name, value in SET.findall(text) if KEPT.search(name)}
    found.update({name: "n" for name in UNSET.findall(text) if KEPT.search(name)})
    return found

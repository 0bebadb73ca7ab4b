"""The IOMMU is in use.

Expected
    The kernel has IOMMU units and has sorted the devices into groups.
Why
    vfio-pci passes groups through; where there are none, no device can be passed safely.
How it is read
    Entries of /sys/class/iommu and of /sys/kernel/iommu_groups, never the kernel log alone: its ring wraps.
Fix
    Firmware first (see IOMMU-FIRMWARE). On Intel add intel_iommu=on where the kernel's default is off. On AMD
    nothing is needed: take amd_iommu=off or iommu=off away.
Valid for
    Kernel 3.6 and later. Runtime state: unknown on a mounted disk.
Sources
    ABI/testing/sysfs-kernel-iommu_groups; drivers/iommu/{intel/iommu.c,amd/init.c}.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.machine import in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, rule, seen
from vfiotui.rules.iommu.iommu_disabled import switched_off


@rule("IOMMU-OFF", Severity.FAIL, needs=("iommu",), fires="iommu-off", silent="tower")
def check(facts: Facts) -> Answers:
    iommu = known(facts.iommu)
    groups = known(iommu.groups)
    units = iommu.units
    names = () if isinstance(units, Unread) else (seen("/sys/class/iommu", " ".join(u.name for u in units) or "empty"),)
    evidence = (
        *names,
        seen("/sys/kernel/iommu_groups", f"{len(groups)} groups"),
    )
    if groups:
        yield holds("host", f"the IOMMU is in use: {len(groups)} groups", *evidence)
        return
    yield fails(
        "host",
        "The IOMMU is off: there is no IOMMU group, so no device can be given to a guest.",
        *evidence,
        fix=way_on(facts),
    )


def way_on(facts: Facts) -> Fix:
    """What switches it on: the word that keeps it off goes first, and firmware that shows its table is left alone."""
    line = None if isinstance(facts.boot, Unread) else facts.boot.cmdline
    words = switched_off(line) if isinstance(line, CommandLine) else []
    if words:
        return fix(f"boot without {' '.join(words)}: see IOMMU-DISABLED", Risk.R2)
    intel = "GenuineIntel" in str(getattr(facts.cpu, "vendor", ""))
    goal = (("cmdline.add", "intel_iommu=on"),) if intel else ()
    if intel and not isinstance(facts.firmware, Unread) and or_else(facts.firmware.dmar, None):
        return fix("boot with intel_iommu=on", Risk.R2, *goal)
    on = in_firmware(facts, "switch it on", "give this virtual machine an IOMMU on the host that runs it")
    return fix(on + (", then boot with intel_iommu=on" if intel else ""), Risk.R2, *goal)

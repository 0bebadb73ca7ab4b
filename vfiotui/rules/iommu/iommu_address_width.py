"""The IOMMU reaches as far as the CPU.

Expected
    The address width of every VT-d unit is at least the CPU's physical address width.
Why
    A guest that sees the CPU's width may place large BARs or shared memory above what the IOMMU can map:
    'VFIO_MAP_DMA failed: Invalid argument'.
How it is read
    ((cap >> 16) & 0x3f) + 1 of /sys/class/iommu/dmar*/intel-iommu/cap against 'address sizes' of /proc/cpuinfo.
Fix
    In the guest: <maxphysaddr mode='passthrough' limit='39'/> below <cpu>, with the IOMMU's width as the limit.
Valid for
    Intel; the limit attribute since libvirt 9.3.
Sources
    drivers/iommu/intel/iommu.h cap_mgaw; libvirt formatdomain, maxphysaddr.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, fails, holds, known, not_applicable, rule, seen


@rule(
    "IOMMU-ADDRESS-WIDTH",
    Severity.WARN,
    needs=(
        "iommu",
        "cpu",
    ),
    fires="bad-firmware",
    silent="tower",
    changes=(Part.IOMMU, Part.X86),
)
def check(facts: Facts) -> Answers:
    units = [u for u in known(known(facts.iommu).units) if u.kind == "intel"]
    if not units:
        yield not_applicable("host", "no VT-d unit")
        return
    bits = known(known(facts.cpu).physical_bits)
    widths = [(known(u.cap) >> 16 & 0x3F) + 1 for u in units]
    evidence = (
        *(
            seen(f"/sys/class/iommu/{u.name}/intel-iommu/cap", f"{u.cap:x}: {w} bits")
            for u, w in zip(units, widths, strict=True)
        ),
        seen("/proc/cpuinfo", f"{bits} bits physical"),
    )
    if min(widths) < bits:
        yield fails(
            "host",
            f"The IOMMU maps {min(widths)} address bits and the CPU has {bits}: "
            "GUEST-ADDRESS-LIMIT names the guests whose memory can lie out of reach.",
            *evidence,
            severity=Severity.INFO,
        )
    else:
        yield holds("host", f"the IOMMU maps {min(widths)} bits, the CPU has {bits}", *evidence)

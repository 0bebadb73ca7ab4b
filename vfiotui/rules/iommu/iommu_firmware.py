"""The firmware offers an IOMMU.

Expected
    The ACPI tables hold DMAR (Intel VT-d) or IVRS (AMD-Vi).
Why
    The kernel finds the IOMMU only through these tables: without them no setting of the kernel can help.
How it is read
    Presence of /sys/firmware/acpi/tables/DMAR or IVRS; their content needs root, their presence does not.
Fix
    Switch on VT-d, AMD-Vi, IOMMU or SVM in the firmware setup; some boards hide it below 'northbridge' or 'AMD
    CBS'.
Valid for
    x86 with ACPI.
Sources
    Documentation/arch/x86/iommu.rst; VT-d specification, chapter 8; AMD I/O Virtualization specification,
    chapter 5.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, Missing, fails, fix, holds, known, rule, seen


@rule(
    "IOMMU-FIRMWARE",
    Severity.FAIL,
    needs=("firmware",),
    fires="iommu-off",
    silent="tower",
    changes=(Part.IOMMU, Part.X86),
)
def check(facts: Facts) -> Answers:
    firmware = known(facts.firmware)
    tables = {"DMAR": firmware.dmar, "IVRS": firmware.ivrs}
    # A table that is there but may not be read without root is there all the same.
    there = [
        n
        for n, t in tables.items()
        if t is not None and (not isinstance(t, Unread) or (t.why is Why.FORBIDDEN and t.path.endswith(f"/{n}")))
    ]
    if there:
        yield holds(
            "host", f"the firmware has the table {there[0]}", seen(f"/sys/firmware/acpi/tables/{there[0]}", "present")
        )
        return
    for table in tables.values():
        if isinstance(table, Unread):
            raise Missing(table)
    yield fails(
        "host",
        "The firmware shows no IOMMU: it has neither a DMAR nor an IVRS table.",
        seen("/sys/firmware/acpi/tables", "no DMAR, no IVRS"),
        fix=fix(
            in_firmware(
                facts,
                "switch on VT-d (Intel) or IOMMU/AMD-Vi (AMD)",
                "give this virtual machine an IOMMU on the host that runs it (libvirt: <iommu model='intel'/>)",
            ),
            Risk.R0,
        ),
    )

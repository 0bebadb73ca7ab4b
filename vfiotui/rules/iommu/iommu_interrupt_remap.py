"""Interrupts of passed devices are remapped.

Expected
    Every VT-d unit has interrupt remapping; on AMD the kernel log says that it is on.
Why
    Without remapping a guest can raise any interrupt of the host, so vfio refuses to pass devices through.
How it is read
    Bit 3 of the extended capability register in /sys/class/iommu/dmar*/intel-iommu/ecap; bit 0 of the DMAR
    flags; AMD-Vi lines of the kernel log.
Fix
    A firmware setting (x2APIC, interrupt remapping) or another board. allow_unsafe_interrupts=1 gives the
    safety up.
Valid for
    x86.
Sources
    drivers/iommu/intel/iommu.h (ecap_ir_support); drivers/vfio/vfio_iommu_type1.c.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.iommu import Dmar, IommuUnit
from vfiotui.rules.engine import Answers, Missing, fails, fix, holds, known, not_applicable, rule, seen, unknown


def remedy(facts: Facts) -> str:
    """Where interrupt remapping is switched on."""
    return in_firmware(
        facts,
        "look for interrupt remapping or x2APIC",
        "switch interrupt remapping on for the IOMMU of this virtual machine, on the host that runs it"
        " (libvirt: <driver intremap='on'/>)",
    )


def intel(units: list[IommuUnit], facts: Facts) -> Answers:
    """VT-d: by the units' registers and the firmware's word."""
    firmware = known(facts.firmware)
    bad = [u for u in units if u.interrupt_remapping is False]
    if bad:
        yield fails(
            "host",
            f"The IOMMU unit {bad[0].name} cannot remap interrupts: vfio refuses devices behind it.",
            *(
                seen(f"/sys/class/iommu/{u.name}/intel-iommu/ecap", f"{u.ecap:x}")
                for u in bad
                if isinstance(u.ecap, int)
            ),
            fix=fix(remedy(facts), Risk.R0),
        )
        return
    unread = next((u.ecap for u in units if isinstance(u.ecap, Unread)), None)
    if unread is not None:
        raise Missing(unread)
    if isinstance(firmware.dmar, Dmar) and not firmware.dmar.intr_remap:
        yield fails(
            "host",
            "The firmware says that this platform does not remap interrupts.",
            seen("/sys/firmware/acpi/tables/DMAR", f"flags {firmware.dmar.flags:#x}"),
            fix=fix(remedy(facts), Risk.R0),
        )
    else:
        yield holds("host", "every unit remaps interrupts", seen("/sys/class/iommu", " ".join(u.name for u in units)))


@rule(
    "IOMMU-INTERRUPT-REMAP",
    Severity.WARN,
    needs=(
        "iommu",
        "firmware",
        "kernel_log",
    ),
    fires="intel-default-off",
    silent="tower",
    changes=(Part.IOMMU, Part.X86),
)
def check(facts: Facts) -> Answers:
    units = known(known(facts.iommu).units)
    if not units:
        yield not_applicable("host", "there is no IOMMU unit")
        return
    if all(u.kind == "amd" for u in units):
        log = known(facts.kernel_log)
        said = [line.text for line in log if "AMD-Vi" in line.text and "nterrupt remapping enabled" in line.text]
        if said:
            yield holds("host", "AMD-Vi remaps interrupts", seen("kernel log", said[0]))
        else:
            yield unknown(
                "host", "the kernel log no longer holds the line that shows it", seen("kernel log", "no such line")
            )
        return
    yield from intel([u for u in units if u.kind == "intel"], facts)

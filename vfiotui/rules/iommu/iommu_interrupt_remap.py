"""Interrupts of passed devices are remapped.

Expected
    Every VT-d unit has interrupt remapping and the kernel uses it; on AMD the kernel log says that it is on.
Why
    Without remapping a guest can raise any interrupt of the host, so vfio refuses to pass devices through.
How it is read
    intremap= and nointremap of the running command line, and what the kernel's log says of it. Where neither says
    that it is off: bit 3 of the extended capability register in /sys/class/iommu/dmar*/intel-iommu/ecap, bit 0 of the
    DMAR flags, AMD-Vi lines of the kernel log.
Fix
    Take intremap=off or nointremap out; else a firmware setting (x2APIC, interrupt remapping) or another board.
    allow_unsafe_interrupts=1 gives the safety up.
Valid for
    x86.
Sources
    drivers/iommu/intel/iommu.h (ecap_ir_support); drivers/vfio/vfio_iommu_type1.c.
"""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.iommu import Dmar, IommuUnit
from vfiotui.rules.engine import Answer, Answers, Missing, fails, fix, holds, known, not_applicable, rule, seen, unknown
from vfiotui.rules.old_words import without


def remedy(facts: Facts) -> str:
    """Where interrupt remapping is switched on."""
    return in_firmware(
        facts,
        "look for interrupt remapping or x2APIC",
        "switch interrupt remapping on for the IOMMU of this virtual machine, on the host that runs it"
        " (libvirt: <driver intremap='on'/>)",
    )


REFUSED = re.compile(
    r"DMAR-IR: (?:not enabled|.*fail)|AMD-Vi: Interrupt remapping (?:disabled|not)|Failed to enable irq remapping", re.I
)
"""What the kernel says where it left interrupt remapping off (drivers/iommu/irq_remapping.c, intel, amd)."""


def switched_off(facts: Facts) -> Answer | None:
    """The answer where the kernel was told to leave it off, or says that it did; None where nothing says so.

    Of intremap= the last of on and off counts; nointremap is off (early_param in drivers/iommu/irq_remapping.c).
    """
    boot = known(facts.boot)
    line = known(boot.cmdline)
    state = ""
    for word in line.words():
        if word.key == "nointremap":
            state = word.text
        elif word.key == "intremap":
            for option in word.options:
                state = word.text if option == "off" else "" if option == "on" else state
    if state:
        return fails(
            "host",
            f"{state} leaves interrupt remapping off: vfio refuses devices, or guests can raise the host's interrupts.",
            seen(line.source, state),
            fix=without(boot, (state,), f"boot without {state}"),
        )
    log = known(facts.kernel_log)
    said = next((m.text for m in log if REFUSED.search(m.text)), None)
    if said is None:
        return None
    return fails(
        "host", "The kernel left interrupt remapping off.", seen("kernel log", said), fix=fix(remedy(facts), Risk.R0)
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
        "boot",
    ),
    reads=("/proc/cmdline",),
    fires="intel-default-off",
    silent="tower",
    changes=(Part.IOMMU, Part.X86),
)
def check(facts: Facts) -> Answers:
    units = known(known(facts.iommu).units)
    if not units:
        yield not_applicable("host", "there is no IOMMU unit")
        return
    if not any(u.kind in ("intel", "amd") for u in units):
        yield not_applicable("host", "interrupts are remapped by the interrupt controller here, not by the IOMMU")
        return
    if (off := switched_off(facts)) is not None:
        yield off
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

"""Interrupts of passed devices are remapped.

Expected
    The kernel remaps the interrupts of PCI devices.
Why
    Without remapping a guest can raise any interrupt of the host, so vfio refuses to pass devices through.
How it is read
    What the kernel did: bit 25 (IRES) of each unit's Global Status Register in
    /sys/kernel/debug/iommu/intel/iommu_regset, where root and debugfs show it; else the names of interrupt controllers
    in /proc/interrupts, which begin with IR- where it remaps, and are IO-APIC and PCI-MSI where it does not; where no
    such line is there, the kernel's log. A word such as intremap=off of the running command line is named as the
    cause. Bit 3 of the extended capability register in /sys/class/iommu/dmar*/intel-iommu/ecap and bit 0 of the DMAR
    flags only show what can never be: that a unit is able to remap does not show that the kernel uses it.
Fix
    Take intremap=off or nointremap out; else a firmware setting (x2APIC, interrupt remapping) or another board.
    allow_unsafe_interrupts=1 gives the safety up.
Valid for
    x86.
Sources
    Documentation/ABI/testing/debugfs-intel-iommu; VT-d specification, 11.4.4.2; drivers/iommu/irq_remapping.c,
    intel/irq_remapping.c, amd/iommu.c (names of chips); drivers/iommu/intel/iommu.h (ecap_ir_support);
    drivers/vfio/vfio_iommu_type1.c.
"""

from __future__ import annotations

import re

from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import by_whom, in_firmware
from vfiotui.model.cpu.interrupts import Irq
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Evidence, Severity
from vfiotui.model.pci.iommu import Dmar, IommuUnit, UnitStatus
from vfiotui.rules.engine import (
    Answer,
    Answers,
    ByHand,
    Missing,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)
from vfiotui.rules.old_words import without


def remedy(facts: Facts) -> str:
    """Where interrupt remapping is switched on."""
    return in_firmware(
        facts,
        "look for interrupt remapping or x2APIC",
        "switch interrupt remapping on for the IOMMU of this virtual machine, on the host that runs it"
        " (libvirt: <driver intremap='on'/>)",
    )


REGISTERS = "/sys/kernel/debug/iommu/intel/iommu_regset"
REFUSED = re.compile(
    r"DMAR-IR: (?:not enabl|.*fail)|AMD-Vi: (?:Interrupt remapping (?:disabled|not)|Disabling interrupt remapping)"
    r"|Failed to enable irq remapping",
    re.I,
)
"""What the kernel says where it left interrupt remapping off (drivers/iommu/irq_remapping.c, intel, amd)."""
ENABLED = re.compile(r"DMAR-IR: Enabled IRQ remapping|AMD-Vi: Interrupt remapping enabled", re.I)


def switched_off(line: CommandLine) -> str:
    """The word that leaves it off, of the running command line; empty where none does.

    Of intremap= the last of on and off counts; nointremap is off (early_param in drivers/iommu/irq_remapping.c).
    """
    state = ""
    for word in line.words():
        if word.key == "nointremap":
            state = word.text
        elif word.key == "intremap":
            for option in word.options:
                state = word.text if option == "off" else "" if option == "on" else state
    return state


def by_word(facts: Facts) -> Answer | None:
    """The answer where a word of the running command line leaves it off."""
    boot = facts.boot
    if isinstance(boot, Unread) or isinstance(boot.cmdline, Unread):
        return None
    state = switched_off(boot.cmdline)
    if not state:
        return None
    return fails(
        "host",
        f"{state} leaves interrupt remapping off: vfio refuses devices, or guests can raise the host's interrupts.",
        seen(boot.cmdline.source, state),
        fix=without(boot, (state,), f"boot without {state}"),
    )


def incapable(units: list[IommuUnit], facts: Facts) -> tuple[Evidence, ...]:
    """What shows that the hardware or its firmware cannot remap; empty where nothing does."""
    bad = [u for u in units if u.interrupt_remapping is False]
    if bad:
        return tuple(
            seen(f"/sys/class/iommu/{u.name}/intel-iommu/ecap", f"{u.ecap:x}") for u in bad if isinstance(u.ecap, int)
        )
    dmar = None if isinstance(facts.firmware, Unread) else facts.firmware.dmar
    if isinstance(dmar, Dmar) and not dmar.intr_remap:
        return (seen("/sys/firmware/acpi/tables/DMAR", f"flags {dmar.flags:#x}"),)
    return ()


def off(facts: Facts, units: list[IommuUnit], *evidence: Evidence) -> Answer:
    """The failure: the reason that the hardware shows, or the kernel's log, stands before the evidence."""
    cannot = incapable(units, facts)
    said = next((m.text for m in or_else(facts.kernel_log, ()) if REFUSED.search(m.text)), "")
    sentence = (
        "The kernel left interrupt remapping off: vfio refuses devices, or guests can raise the host's interrupts."
    )
    if cannot:
        name = "The firmware says that this platform" if "DMAR" in cannot[0].path else "The IOMMU of this host"
        sentence = f"{name} cannot remap interrupts: vfio refuses devices behind it."
    log = (seen("kernel log", said),) if said else ()
    return fails(
        "host", sentence, *log, *cannot, *evidence, fix=by_hand(by_whom(facts, ByHand.FIRMWARE), remedy(facts))
    )


def lines_of(irqs: list[Irq]) -> Evidence:
    """Some of the lines of /proc/interrupts, by number and chip."""
    return seen("/proc/interrupts", ", ".join(f"{i.number}: {i.chip}" for i in irqs[:3]))


@rule(
    "IOMMU-INTERRUPT-REMAP",
    Severity.WARN,
    needs=("iommu",),
    fires="intel-default-off",
    silent="tower",
    changes=(Part.IOMMU, Part.X86),
)
def check(facts: Facts) -> Answers:
    units = [u for u in known(known(facts.iommu).units) if u.kind in ("intel", "amd")]
    if not known(facts.iommu).units:
        yield not_applicable("host", "there is no IOMMU unit")
    elif not units:
        yield not_applicable("host", "interrupts are remapped by the interrupt controller here, not by the IOMMU")
    elif (word := by_word(facts)) is not None:
        yield word
    else:
        yield by_kernel(facts, units)


def by_registers(facts: Facts, units: list[IommuUnit], status: tuple[UnitStatus, ...]) -> Answer:
    """What the units say of themselves."""
    evidence = seen(REGISTERS, ", ".join(f"{u.name} GSTS {u.gsts:#x}" for u in status))
    idle = [u.name for u in status if not u.remaps_interrupts]
    if not idle:
        return holds(
            "host", f"{counted(len(status), 'IOMMU unit')} remap{'s' * (len(status) == 1)} interrupts", evidence
        )
    if len(idle) == len(status):
        return off(facts, units, evidence)
    return unknown("host", f"some units remap interrupts, and {', '.join(idle)} does not", evidence)


def by_kernel(facts: Facts, units: list[IommuUnit]) -> Answer:
    """What the kernel did, by the units' registers, or its interrupt controllers; else by what it said."""
    status = or_else(known(facts.iommu).status, ())
    if status:
        return by_registers(facts, units, status)
    irqs = () if isinstance(facts.interrupts, Unread) else facts.interrupts.irqs
    remapped, plain = [i for i in irqs if i.remapped], [i for i in irqs if i.remapped is False]
    if remapped and plain:
        names = ", ".join(i.name or str(i.number) for i in plain[:3])
        return unknown(
            "host", f"some interrupts are remapped, and those of {names} are not", lines_of(remapped), lines_of(plain)
        )
    if remapped:
        return holds("host", f"the kernel remaps {counted(len(remapped), 'interrupt')}", lines_of(remapped))
    if plain:
        return off(facts, units, lines_of(plain))
    log = or_else(facts.kernel_log, ())
    if any(REFUSED.search(m.text) for m in log) or incapable(units, facts):
        return off(facts, units)
    said = next((m.text for m in log if ENABLED.search(m.text)), "")
    if said:
        return holds("host", "the kernel remaps interrupts", seen("kernel log", said))
    if isinstance(facts.interrupts, Unread):
        raise Missing(facts.interrupts)
    return unknown(
        "host", "no interrupt of a PCI device shows it, and no line of the kernel's log",
        seen("/proc/interrupts", "neither IR-, IO-APIC nor PCI-MSI"),
    )  # fmt: skip

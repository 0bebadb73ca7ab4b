"""The IOMMU is in use.

Expected
    The kernel has IOMMU units and has sorted the devices into groups.
Why
    vfio-pci passes groups through; where there are none, no device can be passed safely.
How it is read
    Entries of /sys/class/iommu and of /sys/kernel/iommu_groups, never the kernel log alone: its ring wraps. On a
    disk that is only mounted: the configuration of the kernel that boots next, with the words of its entry; whether
    the firmware offers an IOMMU is not known there.
Fix
    Firmware first (see IOMMU-FIRMWARE). On Intel add intel_iommu=on where the kernel's default is off. On AMD
    nothing is needed: take amd_iommu=off or iommu=off away.
Valid for
    Kernel 3.6 and later.
Sources
    ABI/testing/sysfs-kernel-iommu_groups; drivers/iommu/{intel/iommu.c,amd/init.c}.
"""

from __future__ import annotations

from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.iommu_start import IommuStart, iommu_starts
from vfiotui.model.boot.machine import by_whom, has, in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.pci.iommu import TreeIommu
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, holds, known, rule, seen, unknown
from vfiotui.rules.iommu.iommu_disabled import switched_off


@rule("IOMMU-OFF", Severity.FAIL, needs=(), fires="iommu-off", silent="tower")
def check(facts: Facts) -> Answers:
    if facts.mode is Mode.ROOT and (isinstance(facts.iommu, Unread) or isinstance(facts.iommu.groups, Unread)):
        yield from on_disk(facts)
        return
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


def on_disk(facts: Facts) -> Answers:
    """The next boot of a disk that does not run: on, off or not known, for each maker whose processor it could have."""
    boot = known(facts.boot)
    kernel = known(boot.next_kernel)
    config = known(kernel.config)
    told: dict[str, list[tuple[IommuStart, CommandLine]]] = {}
    for line in known(boot.next_lines):
        for start in iommu_starts(config, line):
            told.setdefault(start.maker, []).append((start, line))
    sure = all(any(s.on is False for s, _ in found) for found in told.values())
    for maker, found in told.items():
        # Of several entries that may start, the one that leaves it off decides.
        start, line = min(found, key=lambda pair: (pair[0].on is not False, pair[0].on is not None))
        evidence = (seen(kernel.config_path, start.why), seen(line.source, line.text))
        if start.on is None:
            yield unknown(maker, start.why, *evidence)
        elif start.on:
            but = f", but for {start.but}" if start.but else ""
            yield holds(
                maker, f"the next boot switches it on where the firmware offers one{but}: {start.why}", *evidence
            )
        else:
            yield fails(
                maker,
                f"The next boot leaves the IOMMU of {maker} processors off: {start.why}.",
                *evidence,
                fix=_start_it(start),
                severity=None if sure else Severity.INFO,
            )


def _start_it(start: IommuStart) -> Fix:
    """The word to add or to take away; another kernel where this one has no driver."""
    if start.why.startswith(("iommu=", "intel_iommu=", "amd_iommu=")):
        return fix(f"take {start.why} away", Risk.R2, ("cmdline.remove", start.why))
    if "intel_iommu=on" in start.why:
        return fix("add intel_iommu=on", Risk.R2, ("cmdline.add", "intel_iommu=on"))
    return by_hand(ByHand.PROGRAMS, f"boot a kernel that is built with the IOMMU driver of {start.maker} processors")


DRIVERS = {"IORT": "CONFIG_ARM_SMMU_V3", "RIMT": "CONFIG_RISCV_IOMMU", "VIOT": "CONFIG_VIRTIO_IOMMU"}
"""ACPI table → the option of its IOMMU's driver (drivers/iommu/Kconfig, arm, riscv)."""


def _way_on_elsewhere(facts: Facts) -> Fix:
    """What switches the IOMMU of another processor on: a kernel with its driver where the firmware offers one."""
    firmware = facts.firmware
    tables = () if isinstance(firmware, Unread) else or_else(firmware.others, ())
    tree = None if isinstance(firmware, Unread) else firmware.tree
    if tables or (isinstance(tree, TreeIommu) and tree.behind):
        option = f" ({DRIVERS[tables[0]]})" if tables else ""
        return by_hand(ByHand.PROGRAMS, f"boot a kernel that is built with the driver of this IOMMU{option}")
    if isinstance(tree, TreeIommu) and tree.beside:
        return by_hand(ByHand.FIRMWARE, "use a device tree in which the PCI host bridge has an iommu-map")
    outside = "give this virtual machine an IOMMU on the host that runs it"
    return by_hand(by_whom(facts, ByHand.FIRMWARE), in_firmware(facts, "switch the SMMU or IOMMU on", outside))


def way_on(facts: Facts) -> Fix:
    """What switches it on: the word that keeps it off goes first, and firmware that shows its table is left alone."""
    line = None if isinstance(facts.boot, Unread) else facts.boot.cmdline
    words = switched_off(line) if isinstance(line, CommandLine) else []
    if words:
        text = f"boot without {' '.join(words)}: see IOMMU-DISABLED"
        tables = () if isinstance(facts.firmware, Unread) else (facts.firmware.dmar, facts.firmware.ivrs)
        if tables and all(table is None for table in tables) and has(facts, Part.X86):
            return by_hand(
                by_whom(facts, ByHand.FIRMWARE), f"{text}; the firmware shows none either, see IOMMU-FIRMWARE"
            )
        return fix(text, Risk.R2, *(("cmdline.remove", word) for word in words))
    intel = "GenuineIntel" in str(getattr(facts.cpu, "vendor", ""))
    goal = (("cmdline.add", "intel_iommu=on"),) if intel else ()
    if intel and not isinstance(facts.firmware, Unread) and or_else(facts.firmware.dmar, None):
        return fix("boot with intel_iommu=on", Risk.R2, *goal)
    if not has(facts, Part.X86):
        return _way_on_elsewhere(facts)
    on = in_firmware(facts, "switch it on", "give this virtual machine an IOMMU on the host that runs it")
    return by_hand(by_whom(facts, ByHand.FIRMWARE), on + (", then boot with intel_iommu=on" if intel else ""), Risk.R2)

"""The kernel switches the Intel IOMMU on.

Expected
    On an Intel host the kernel's own default is on, or the command line says intel_iommu=on.
Why
    Kernels are built with one of three defaults: on, on but not for the integrated graphics, off. With the
    second, the integrated graphics cannot be passed through. A kernel of the third starts the IOMMU all the same
    where the firmware opts in to DMA protection and the machine has external ports.
How it is read
    CONFIG_INTEL_IOMMU_DEFAULT_ON, _ON_INTGPU_OFF and _OFF of the kernel's configuration with the command line;
    this also judges a disk that is only mounted. The opt-in is bit 2 of the flags of the DMAR table.
Fix
    Add intel_iommu=on where the default is off, or where the integrated graphics is to be passed through.
Valid for
    Intel. The default differs by distribution and version: it is read, never assumed.
Sources
    drivers/iommu/intel/Kconfig and iommu.c platform_optin_force_iommu; Debian kernel configuration 7.2 (ON_INTGPU_OFF).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.iommu import Dmar
from vfiotui.rules.engine import Answers, all_lines, fails, fix, holds, known, not_applicable, rule, seen, unknown


@rule(
    "IOMMU-INTEL-DEFAULT",
    Severity.FAIL,
    needs=(
        "cpu",
        "boot",
    ),
    fires="intel-default-off",
    silent="tower",
    changes=(Part.IOMMU, Part.X86, Part.BOOT),
)
def check(facts: Facts) -> Answers:
    cpu, boot = known(facts.cpu), known(facts.boot)
    if known(cpu.vendor) != "GenuineIntel":
        yield not_applicable("host", "not an Intel host")
        return
    lines = boot.next_lines if not isinstance(boot.next_lines, Unread) else (known(boot.cmdline),)
    # Of several that may be started, the one that asks for nothing decides.
    line = min(lines, key=lambda line: "on" in line.options("intel_iommu"))
    asked = [o for o in line.options("intel_iommu") if o in ("on", "off")]
    if asked[-1:] == ["on"]:
        all_lines(facts)
        yield holds("host", "intel_iommu=on is given", seen(line.source, "intel_iommu=on"))
        return
    if asked[-1:] == ["off"]:
        yield not_applicable(
            "host", "intel_iommu=off is given: the default does not count", seen(line.source, line.text)
        )
        return
    kernel = known(boot.kernel)
    config = known(kernel.config)
    where = kernel.config_path
    if "INTEL_IOMMU" not in config:
        yield unknown("host", "the kernel's configuration does not mention this IOMMU", seen(where, "no INTEL_IOMMU"))
        return
    if config.get("INTEL_IOMMU_DEFAULT_ON") == "y":
        yield holds("host", "the kernel's default is on", seen(where, "CONFIG_INTEL_IOMMU_DEFAULT_ON=y"))
        return
    if config.get("INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF") == "y":
        yield fails(
            "host",
            "This kernel leaves the integrated graphics out of the IOMMU: that one cannot be passed through.",
            seen(where, "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y"),
            fix=fix(
                "add intel_iommu=on if the integrated graphics is to be passed",
                Risk.R2,
                ("cmdline.add", "intel_iommu=on"),
            ),
            severity=Severity.INFO,
        )
        return
    firmware = facts.firmware
    dmar = None if isinstance(firmware, Unread) else firmware.dmar
    opted = isinstance(dmar, Dmar) and dmar.dma_ctrl_opt_in
    yield fails(
        "host",
        "This kernel leaves the Intel IOMMU off unless intel_iommu=on is given, and it is not"
        + ("; only external ports such as Thunderbolt make it start all the same." if opted else "."),
        seen(where, "CONFIG_INTEL_IOMMU_DEFAULT_ON is not set"),
        seen(line.source, line.text),
        fix=fix("add intel_iommu=on", Risk.R2, ("cmdline.add", "intel_iommu=on")),
        severity=Severity.WARN if opted else Severity.FAIL,
    )

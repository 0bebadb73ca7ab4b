"""The IOMMU covers the integrated graphics that a guest is given.

Expected
    intel_iommu= has neither igfx_off nor intgpu_off where an Intel graphics controller is assigned to a guest, and
    the kernel is not built to leave it out (CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF without intel_iommu=on).
Why
    A device whose IOMMU unit is bypassed has no group that could be passed through.
How it is read
    The kernel command line and configuration; display controllers of bus 00 that are assigned to guests.
Fix
    Take the word away, or put intel_iommu=on there where the kernel leaves the graphics out by itself.
Valid for
    igfx_off on every kernel; intgpu_off and the configuration since 5.13.
Sources
    Documentation/arch/x86/iommu.rst; drivers/iommu/intel/Kconfig.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, fails, fix, holds, known, not_applicable, rule, seen

OFF = ("igfx_off", "intgpu_off")
LEFT_OUT = "INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF"


@rule(
    "CMDLINE-IGFX-OFF",
    Severity.WARN,
    needs=("boot", "pci"),
    fires="igpu-bypassed",
    silent="intel-on",
    counts_guests=True,
    reads=MEANT,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot, bus = known(facts.boot), known(facts.pci)
    given = [device_of(bus, b) for b in passthrough_devices(bus, facts.boot, facts.virt)]
    wanted = [d for d in given if d.is_display and d.vendor == 0x8086 and d.bdf.startswith("0000:00:")]
    if not wanted:
        yield not_applicable("host", "no integrated graphics of Intel is assigned to a guest")
        return
    line = known(boot.cmdline) if not isinstance(boot.cmdline, Unread) else known(boot.next_line)
    options = line.options("intel_iommu")
    words = [o for o in options if o in OFF]
    kernel = boot.kernel
    # Without a word on the command line the kernel's own choice counts.
    config = {} if words or "on" in options else known(known(kernel).config)
    silent = config.get(LEFT_OUT) == "y" and "on" not in options
    for device in wanted:
        if words or silent:
            yield fails(
                device.bdf,
                f"{device.name} is assigned to a guest, and "
                + (f"{words[0]} takes it out of the IOMMU." if words else "this kernel leaves it out of the IOMMU."),
                seen(line.source, f"intel_iommu={','.join(options)}" if options else "no intel_iommu"),
                *((seen(kernel.config_path, f"CONFIG_{LEFT_OUT}=y"),) if silent and isinstance(config, dict)
                  and not isinstance(kernel, Unread) else ()),
                fix=fix("take the word away" if words else "intel_iommu=on on the command line", Risk.R2,
                        ("cmdline.set", "intel_iommu=on")),
            )  # fmt: skip
        else:
            yield holds(device.bdf, "the IOMMU covers it", seen(line.source, line.text))

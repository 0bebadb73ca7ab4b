"""Cards with large BARs are known.

Expected
    Nothing must hold: a memory BAR of more than 256 MiB, or one that can be resized, is named.
Why
    Large BARs need room in the guest's address space; old guest firmware leaves too little of it.
How it is read
    resource and resourceN_resize of display controllers.
Fix
    Usually nothing. Where a guest has no video output, give its firmware a larger 64-bit window or make the BAR
    smaller before the guest starts.
Valid for
    resourceN_resize since kernel 6.1.
Sources
    ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import CLASS, Answers, fails, holds, known, not_applicable, rule, seen


@rule(
    "DEVICE-LARGE-BAR",
    Severity.INFO,
    needs=("pci",),
    fires="tower",
    silent="clean",
    reads=(CLASS,),
)
def check(facts: Facts) -> Answers:
    displays = [d for d in known(facts.pci).devices if d.is_display]
    if not displays:
        yield not_applicable("host", "no display controller")
    for device in displays:
        large = [b for b in known(device.bars) if b.memory and (b.size > 256 << 20 or or_else(b.resizable_mib, ()))]
        path = f"/sys/bus/pci/devices/{device.bdf}/resource"
        if large:
            bar = max(large, key=lambda b: b.size)
            sizes = or_else(bar.resizable_mib, ())
            more = f"; it can be {', '.join(f'{s} MiB' for s in sizes)}" if sizes else ""
            yield fails(
                device.bdf,
                f"BAR {bar.index} has {bar.size >> 20} MiB{more}.",
                seen(path, f"{bar.start:#x} size {bar.size:#x}"),
            )
        else:
            for bar in known(device.bars):
                known(bar.resizable_mib)
            yield holds(device.bdf, "no BAR is larger than 256 MiB")

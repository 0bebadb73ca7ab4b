"""AMD-Vi reports no fault.

Expected
    The kernel log holds no IO_PAGE_FAULT and no timed out Completion-Wait of AMD-Vi.
Why
    A page fault means that a device reached for memory that it was not given; a Completion-Wait that times out
    means that a device is gone, often a card whose reset failed.
How it is read
    Lines that begin with AMD-Vi: in the kernel log.
Fix
    Look which device the line names; for graphics cards read DEVICE-RESET-WEAK and DEVICE-D3-STUCK.
Valid for
    AMD, every kernel.
Sources
    drivers/iommu/amd/iommu.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.finding.log_signs import AMD_VI, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, counted, fails, holds, known, rule, seen


@rule("LOG-AMD-VI", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), AMD_VI)
    if found:
        gone = any("loop timed out" in text for text in found)
        yield fails(
            "host",
            f"AMD-Vi has {counted(len(found), 'complaint')} in the kernel log: "
            + ("a device no longer answers." if gone else "a device reached for memory that it was not given."),
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(ByHand.LOG, "look which device is named; a card that is gone needs the power switched off"),
        )
    else:
        yield holds("host", "the kernel log holds no fault of AMD-Vi")

"""VT-d reports no fault.

Expected
    The kernel log holds no DMA fault, no interrupt remapping fault and no firmware bug of DMAR.
Why
    A fault means that a device reached for memory that it was not given: the guest's driver, a reset that did not
    happen, or wrong firmware tables.
How it is read
    Lines that begin with DMAR: in the kernel log.
Fix
    Look which device the line names; update the firmware; do not use iommu=pt to hide it.
Valid for
    Intel, every kernel.
Sources
    drivers/iommu/intel/dmar.c; Documentation/arch/x86/iommu.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import inside_machine
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.finding.log_signs import DMAR, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, counted, fails, holds, known, rule, seen


@rule("LOG-DMAR", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), DMAR)
    if found:
        yield fails(
            "host",
            f"VT-d has {counted(len(found), 'complaint')} in the kernel log: a device reached for memory that it was "
            "not given, or the firmware's table is wrong.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(
                ByHand.LOG,
                "look which device is named" + ("" if inside_machine(facts) else ", and for a firmware update"),
            ),
        )
    else:
        yield holds("host", "the kernel log holds no fault of VT-d")

"""vfio has refused no device.

Expected
    The kernel log holds no refusal: no interrupt remapping, no demanded 1:1 mapping.
Why
    The guest that wants the device does not start.
How it is read
    The kernel log.
Fix
    IOMMU-INTERRUPT-REMAP and IOMMU-RESERVED-DIRECT show what is missing.
Valid for
    Every kernel with vfio.
Sources
    drivers/vfio/vfio_iommu_type1.c; drivers/iommu/iommu.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.finding.log_signs import REFUSED, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, fails, holds, known, rule, seen


@rule("LOG-REFUSED", Severity.FAIL, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), REFUSED)
    if found:
        yield fails(
            "host",
            "vfio refused to give a device away.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(ByHand.LOG, "read IOMMU-INTERRUPT-REMAP and IOMMU-RESERVED-DIRECT"),
        )
    else:
        yield holds("host", "the kernel log holds no refusal")

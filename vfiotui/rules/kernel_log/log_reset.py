"""Devices come back from their resets.

Expected
    The kernel log holds no failed reset: no 'not ready … after', no 'reset failed'.
Why
    A card that does not come back leaves the guest dark at its second start, and some take the host with them.
How it is read
    The kernel log.
Fix
    Another order of reset_method for the device, vendor-reset for older AMD cards, or the host switched off once.
Valid for
    Every kernel; reset_method since 5.15.
Sources
    drivers/pci/pci.c (pci_dev_wait); Documentation/ABI/testing/sysfs-bus-pci, reset_method.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.finding.log_signs import RESET, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, counted, fails, holds, known, rule, seen


@rule("LOG-RESET", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), RESET)
    if found:
        yield fails(
            "host",
            f"{counted(len(found), 'reset')} failed since boot.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(
                ByHand.LOG, "try another order in reset_method; a dead card needs the power switched off", Risk.R1
            ),
        )
    else:
        yield holds("host", "the kernel log holds no failed reset")

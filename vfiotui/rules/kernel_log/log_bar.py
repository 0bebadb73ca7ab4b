"""vfio-pci could reserve all memory of its cards.

Expected
    The kernel log holds no "BAR n: can't reserve".
Why
    The guest sees the card and has no video output, or QEMU ends with an error about mmap.
How it is read
    The kernel log, in both spellings of the message.
Fix
    DEVICE-BAR-FRAMEBUFFER names what holds the memory; mostly it is the firmware's framebuffer.
Valid for
    Every kernel with vfio.
Sources
    drivers/pci/pci.c (pci_request_region); drivers/vfio/pci/vfio_pci_core.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.finding.log_signs import BAR, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, fails, holds, known, rule, seen


@rule("LOG-BAR", Severity.FAIL, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), BAR)
    if found:
        yield fails(
            "host",
            "vfio-pci could not reserve the memory of a card: something else holds it.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(
                ByHand.LOG, "look at DEVICE-BAR-FRAMEBUFFER, and into /proc/iomem for who lies in that range", Risk.R1
            ),
        )
    else:
        yield holds("host", "the kernel log holds no such message")

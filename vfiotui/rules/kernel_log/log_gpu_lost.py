"""No graphics card was lost.

Expected
    The kernel log does not say that a card has fallen off the bus or hangs.
Why
    A lost card cannot be given to a guest before the host was switched off and on.
How it is read
    Lines of NVRM and amdgpu in the kernel log.
Fix
    Switch the power off. If it comes again: power supply, riser, D3 sleep (DEVICE-D3-STUCK), or an unclean hand-over
    from a guest.
Valid for
    NVIDIA's and AMD's drivers.
Sources
    NVIDIA, XID errors; drivers/gpu/drm/amd/amdgpu.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import by_whom
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.finding.log_signs import LOST, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, fails, holds, known, rule, seen


@rule("LOG-GPU-LOST", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), LOST)
    if found:
        yield fails(
            "host",
            "The driver of a graphics card has lost its card, or had to reset it.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(
                by_whom(facts, ByHand.HARDWARE), "switch the power off once; look at power supply, riser and D3 sleep"
            ),
        )
    else:
        yield holds("host", "the kernel log reports no lost card")

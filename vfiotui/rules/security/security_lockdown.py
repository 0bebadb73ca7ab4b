"""Kernel lockdown does not stand in the way.

Expected
    /sys/kernel/security/lockdown says none.
Why
    Under lockdown even root may not write model-specific registers or /dev/mem, and not read private parts of
    debugfs; reading a card's ROM may be refused. Passthrough itself works.
How it is read
    /sys/kernel/security/lockdown.
Fix
    Nothing has to be done. Where one of these is needed: Secure Boot off, or lockdown=none where the kernel
    allows it.
Valid for
    Kernel 5.4 and later.
Sources
    kernel_lockdown(7); security/lockdown/lockdown.c.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import by_whom
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, rule, seen


@rule(
    "SECURITY-LOCKDOWN",
    Severity.INFO,
    needs=("boot",),
    fires="locked",
    silent="clean",
    only_running=True,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    state = known(known(facts.boot).lockdown)
    path = "/sys/kernel/security/lockdown"
    if state in ("", "none"):
        yield holds(
            "host",
            "the kernel is not locked down",
            seen(path, state) if state else seen("/sys/kernel/security", "no lockdown"),
        )
    else:
        yield fails(
            "host",
            f"The kernel is locked down ({state}): writing MSRs, private debugfs and perhaps reading ROMs are refused.",
            seen(path, state),
            fix=by_hand(by_whom(facts, ByHand.FIRMWARE), "nothing, unless one of these is needed"),
        )

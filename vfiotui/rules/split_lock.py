"""No guest is slowed down for its split locks.

What must hold
    The kernel log tells of no split lock of a vCPU, or the kernel does not punish them.
Why
    Some games and drivers lock across cache lines. The kernel then lets the vCPU wait ten milliseconds each time:
    the game stutters badly.
How it is read
    Lines '#AC: CPU n/KVM/… took a split_lock trap' of the kernel log; kernel.split_lock_mitigate.
Fix
    kernel.split_lock_mitigate=0 in sysctl.d. Any program may then slow down the whole host with such locks.
Valid for
    Kernel 5.19 and later for the switch (6.1 for sysctl), on processors that trap split locks.
Sources
    arch/x86/kernel/cpu/bus_lock.c; Documentation/admin-guide/sysctl/kernel.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.log_signs import SPLIT_LOCK, said
from vfiotui.rules.rule import Answer, counted, fails, fix, holds, known, rule, seen

SWITCH = "/proc/sys/kernel/split_lock_mitigate"


@rule("SPLIT-LOCK", "H14", Severity.WARN, needs=("kernel_log", "power"), fires="bad-log", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    found = said(known(facts.kernel_log), SPLIT_LOCK)
    mitigate = known(known(facts.power).split_lock_mitigate)
    if not found:
        yield holds("host", "the kernel log tells of no split lock")
    elif mitigate:
        yield fails(
            "host",
            f"Split locks were punished {counted(len(found), 'time')} since boot: what makes them (a game) stutters.",
            seen("kernel log", found[-1]),
            seen(SWITCH, "1"),
            fix=fix("sysctl kernel.split_lock_mitigate=0", Risk.R1, ("sysctl.set", "kernel.split_lock_mitigate=0")),
        )
    else:
        yield holds("host", "split locks are seen and not punished", seen(SWITCH, "0"))

"""No guest is slowed down for its split locks.

Expected
    The kernel log reports no split lock of a vCPU, or the kernel does not punish them.
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

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.finding.log_signs import SPLIT_LOCK, said
from vfiotui.model.guest.versions import at_least
from vfiotui.rules.engine import LOG, Answers, counted, fails, fix, holds, known, rule, seen, unknown

SWITCH = "/proc/sys/kernel/split_lock_mitigate"


PUNISHES = (5, 19)
"""The first kernel that lets who locks so wait."""


@rule("CPU-SPLIT-LOCK", Severity.WARN, needs=("kernel_log", "power"), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), SPLIT_LOCK)
    if not found:
        yield holds("host", "the kernel log reports no split lock")
        return
    mitigate = known(known(facts.power).split_lock_mitigate)
    if mitigate:
        yield fails(
            "host",
            f"Split-lock mitigation hit {counted(len(found), 'time')} since boot: each stalls its process 10 ms.",
            seen("kernel log", found[-1]),
            seen(SWITCH, "1"),
            fix=fix("sysctl kernel.split_lock_mitigate=0", Risk.R1, ("sysctl.set", "kernel.split_lock_mitigate=0")),
        )
    elif mitigate is None:
        release = known(known(facts.boot).kernel).release
        if known(at_least(release, PUNISHES, "the kernel")):
            yield unknown(
                "host", f"{release} punishes split locks unless {SWITCH} says 0", seen(SWITCH, "is not there")
            )
        else:
            yield holds("host", "this kernel only reports split locks", seen("/proc/version", release))
    else:
        yield holds("host", "split locks are seen and not punished", seen(SWITCH, "0"))

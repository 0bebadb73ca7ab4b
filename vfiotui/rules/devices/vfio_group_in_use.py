"""Groups that are in use are in use by a guest.

Expected
    Who has /dev/vfio/GROUP open is the process of a guest.
Why
    A group can be opened once: a program that still holds it, a guest that did not end, keeps every other guest
    out.
How it is read
    /proc/PID/fd of all processes, against the processes of the guests.
Fix
    End the process that holds the group.
Valid for
    Every kernel with vfio.
Sources
    drivers/vfio/group.c (a group is opened once).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import is_given
from vfiotui.rules.engine import (
    DRIVERS,
    Answers,
    ByHand,
    all_guests,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)


@rule(
    "VFIO-GROUP-IN-USE",
    Severity.WARN,
    needs=("pci", "virt", "holders"),
    fires="group-kept",
    silent="clean",
    reads=DRIVERS,
)
def check(facts: Facts) -> Answers:
    passed = any(is_given(d) for d in known(facts.pci).devices)
    holders = known(facts.holders)
    guests = {d.pid: d.name for d in all_guests(facts) if d.pid}
    held = [h for h in holders.found if h.node.startswith("/dev/vfio/")]
    strangers = [h for h in held if h.pid not in guests]
    for holder in strangers:
        qemu = "qemu" in holder.name or "kvm" in holder.name
        yield fails(
            f"group {holder.group}" if holder.group is not None else holder.node,
            f"{holder.name} ({holder.pid}) has {holder.node} open and is no guest that libvirt knows"
            + (": a guest that was started by hand." if qemu else "."),
            seen(f"/proc/{holder.pid}/fd", holder.node),
            *holder.origin,
            fix=by_hand(ByHand.PROGRAMS, f"end process {holder.pid} where it should not run", Risk.R1),
            severity=Severity.INFO if qemu else Severity.WARN,
        )
    if strangers:
        return
    if not passed and not held:
        yield not_applicable("host", "no device is bound to vfio-pci")
    elif holders.gap:
        yield unknown("host", f"who holds a group is not fully seen: {holders.gap}", seen("/proc/*/fd", holders.gap))
    else:
        yield holds("host", f"{len(held)} groups are open, all by guests" if held else "no group is open")

"""The images and disks of a guest are there.

Expected
    Each file or block device that a disk names exists, unless its startupPolicy lets it be absent.
Why
    The guest does not start without it; images of installation media are the usual ones to be gone.
How it is read
    <source> of the disks, looked for inside the root.
Fix
    Put it back, name its present path, or take the disk away.
Valid for
    Every libvirt; guests that run are left out.
Sources
    libvirt formatdomain, hard drives, startupPolicy.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-DISK-MISSING", Severity.FAIL, needs=("guest_files",), fires="guest-disks", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    wanted = [
        d
        for d in domain.devices.disks
        if d.kind in ("file", "block") and d.source.startswith("/") and d.startup_policy in ("", "mandatory")
    ]
    if not wanted or domain.running:
        return
    files = known(facts.guest_files)
    states = {d: files.missing(d.source) for d in wanted}
    gone = [d for d, missing in states.items() if missing is True]
    for disk in gone:
        yield fails(
            domain.name,
            f"The source of its {disk.device} {disk.target} is not there: it does not start.",
            seen(domain.source, f"{disk.target} {disk.source}"),
            seen(disk.source, "is not there"),
            fix=fix("take the medium out of the drive", Risk.R2, ("domain.disk.eject", disk.target))
            if disk.device in ("cdrom", "floppy")
            else by_hand(ByHand.FILE, "name its present path, or take it away", Risk.R2),
        )
    if not gone:
        for missing in states.values():
            known(missing)
        yield holds(domain.name, "its disks are there", *(seen(domain.source, d.source) for d in wanted))

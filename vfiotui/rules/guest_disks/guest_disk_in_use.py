"""No disk that a guest writes is used by the host.

Expected
    Nothing of a block device that a guest has as a disk is mounted, swap, or held by another device on the
    host.
Why
    Two systems that write one file system destroy it, at once and for good.
How it is read
    /proc/mounts, /proc/swaps, /sys/class/block/*/holders, links of /dev/disk followed.
Fix
    Unmount it on the host and take it out of fstab before the guest starts, or give the guest another disk.
Valid for
    Every kernel; a mounted disk does not show it.
Sources
    proc(5); libvirt kbase, disk access.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_files import NOT_LOOKED
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule(
    "GUEST-DISK-IN-USE",
    Severity.FAIL,
    needs=("guest_files",),
    fires="guest-disks",
    silent="guest-fine",
    only_running=True,
)
def check(facts: Facts, domain: Domain) -> Answers:
    disks = [d for d in domain.devices.disks if d.device in ("disk", "lun")]
    blocks = [d for d in disks if d.kind == "block" and d.source.startswith("/")]
    if not blocks:
        return
    files = known(facts.guest_files)
    there = [d for d in blocks if files.missing(d.source) is not True]
    uses = {d: known(files.users.get(d.source, NOT_LOOKED)) for d in there}
    for disk, users in uses.items():
        if users:
            yield fails(
                domain.name,
                f"This host uses the disk {disk.source} too ({', '.join(users)}): both writing to it destroys it.",
                seen(domain.source, f"{disk.target} {disk.source}"),
                *(seen("/proc/mounts", user) for user in users),
                fix=fix("unmount it, or take it from the guest", Risk.R4, ("domain.disk.drop", disk.target)),
            )
    if not any(uses.values()):
        yield holds(domain.name, "the host leaves its disks alone", *(seen(domain.source, d.source) for d in blocks))

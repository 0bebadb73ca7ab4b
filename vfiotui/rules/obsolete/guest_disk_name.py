"""Disks are named so that they stay the same.

Expected
    A block device is named below /dev/disk/by-id or by another name that belongs to it, not as /dev/sda or
    /dev/nvme0n1.
Why
    These names are given in the order of finding: after the next boot the guest may write to another disk.
How it is read
    <source dev=> of the disks.
Fix
    Name it by its link below /dev/disk/by-id.
Valid for
    Every host.
Sources
    udev, persistent storage rules.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, seen

LOOSE = re.compile(r"/dev/(sd[a-z]+\d*|vd[a-z]+\d*|hd[a-z]+\d*|nvme\d+n\d+(p\d+)?|mmcblk\d+(p\d+)?)")


@guest_rule("GUEST-DISK-NAME", Severity.WARN, fires="guest-disks", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    blocks = [d for d in domain.devices.disks if d.kind == "block" and d.source]
    loose = [d for d in blocks if LOOSE.fullmatch(d.source)]
    for disk in loose:
        yield fails(
            domain.name,
            f"{disk.source} can be another disk after the next boot.",
            seen(domain.source, f"{disk.target} {disk.source}"),
            # Only a running host has the links.
            fix=fix("name it by its link below /dev/disk/by-id", Risk.R2, ("domain.disk.by-id", disk.target))
            if facts.mode in (Mode.LIVE, Mode.DEMO)
            else by_hand(ByHand.RUNNING_HOST, "name it by its link below /dev/disk/by-id", Risk.R2),
        )
    if blocks and not loose:
        yield holds(domain.name, "its disks are named lastingly", *(seen(domain.source, d.source) for d in blocks))

"""No device that is meant for a guest carries the host's disks.

What must hold
    No file system or swap of the host lies on a disk whose controller is bound to vfio-pci, named by an id for
    it, or named by a guest.
Why
    The disk vanishes under the host when the guest starts, or the host does not find its root at the next boot.
How it is read
    /proc/mounts, /proc/swaps and /sys/class/block (through partitions, mapper, RAID and btrfs) against the
    devices that are meant for guests.
Fix
    Take the device out of the guest and of the ids; where another controller of the same kind is meant, bind it
    by its address.
Valid for
    Every kernel with vfio.
Sources
    Documentation/ABI/stable/sysfs-block; drivers/vfio/pci/vfio_pci.c (ids match every device of a kind).
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.given import device_of, meant
from vfiotui.model.host_use import lost_disks
from vfiotui.rules.rule import Answer, fails, fix, holds, known, not_applicable, rule, seen, unknown


@rule("GIVEN-DISK", "H5", Severity.FAIL, needs=("pci", "host_use"), fires="gives-all-away", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    bus, use = known(facts.pci), known(facts.host_use)
    given = meant(bus, facts.boot, facts.virt)
    if not given:
        yield not_applicable("host", "no device is meant for a guest")
        return
    known(use.disks)
    bad = False
    for bdf, why in given.items():
        uses = lost_disks(facts.host_use, bdf)
        if not uses:
            continue
        bad = True
        places = ", ".join(f"{u.place} on {u.disk}" for u in uses)
        yield fails(
            bdf,
            f"{device_of(bus, bdf).name} is meant for a guest, and the host has {places}.",
            *why,
            *(seen("/proc/mounts", f"{u.disk} {u.place}") for u in uses),
            fix=fix("take the device out of the guest and of the ids for vfio-pci", Risk.R4),
        )
    if not bad and use.unseen and given:
        yield unknown("host", f"not all disks could be followed: {', '.join(use.unseen[:4])}")
    elif not bad:
        yield holds("host", f"none of {len(given)} devices for guests carries a file system of the host")

"""No device that is assigned to a guest carries the host's disks.

Expected
    No file system or swap of the host lies on a disk whose controller is bound to vfio-pci, named by an id for
    it, or named by a guest.
Why
    The disk vanishes under the host when the guest starts, or the host does not find its root at the next boot.
How it is read
    /proc/mounts, /proc/swaps and /sys/class/block (through partitions, mapper, multipath, RAID, btrfs, NVMe
    subsystems and VMD) against the devices that are assigned to guests.
Fix
    Take the device out of the guest and of the ids; where another controller of the same kind is meant, bind it
    by its address.
Valid for
    Every kernel with vfio.
Sources
    Documentation/ABI/stable/sysfs-block; drivers/vfio/pci/vfio_pci.c (ids match every device of a kind).
"""

from __future__ import annotations

from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HostUse, lost_disks
from vfiotui.model.pci.passthrough import PassthroughDevices, device_of
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, given_rule, holds, known, seen, unknown


@given_rule(
    "PASSTHROUGH-DISK",
    Severity.FAIL,
    reads=(
        "/proc/mounts",
        "/proc/swaps?",
        "/sys/class/block/*/slaves?",
        "/sys/class/block/*/dm/uuid?",
        "/sys/devices/virtual/nvme-subsystem/*?",
        "/sys/fs/btrfs/*/devices?",
        "/dev/*",
        "/dev/mapper/*",
    ),
)
def check(bus: PciBus, use: HostUse, given: PassthroughDevices) -> Answers:
    known(use.disks)
    bad = False
    for bdf, why in given.items():
        uses = lost_disks(use, bdf)
        if not uses:
            continue
        bad = True
        places = ", ".join(f"{u.place} on {u.disk}{u.way}" for u in uses)
        yield fails(
            bdf,
            f"{device_of(bus, bdf).name} is assigned to a guest, and the host has {places}.",
            *why,
            *(seen("/proc/mounts", f"{u.disk} {u.place}") for u in uses),
            fix=by_hand(ByHand.CHOICE, "take the device out of the guest and of the ids for vfio-pci", Risk.R4),
        )
    if not bad and use.unseen:
        yield unknown("host", f"not all disks could be followed: {', '.join(use.unseen[:4])}")
    elif not bad:
        yield holds("host", f"none of {len(given)} devices for guests carries a file system of the host")

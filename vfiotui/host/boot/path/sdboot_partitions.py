"""The partitions that systemd-boot reads: its own EFI partition, and the extended boot loader partition."""

from __future__ import annotations

from vfiotui.formats.system.fstab import entries
from vfiotui.host.boot.loader_firmware import PLACES, partition
from vfiotui.host.boot.mounts import points_of
from vfiotui.host.boot.path.firmware import mount_of
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.base.value import dataclass

EXTENDED = "/boot"
"""Where the extended boot loader partition is mounted, besides the EFI partition at /efi or /boot/efi."""
MARKS = ("loader/loader.conf", "EFI/systemd", "loader/entries", "EFI/Linux", "EFI")
"""What speaks for an EFI partition of systemd-boot, the weightiest first."""
UNSEEN = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs"})
"""File systems that no firmware reads without a driver beside the loader."""
DRIVERS = "EFI/systemd/drivers"


@dataclass(frozen=True, slots=True)
class Partitions:
    """Mount points; empty where there is none."""

    esp: str
    extended: str = ""
    missing: tuple[Unread, ...] = ()


def find_partitions(root: Root) -> Partitions:
    """Where the loader's partitions are mounted; what cannot be looked into is told."""
    missing = tuple(
        names
        for place in PLACES
        if isinstance(names := root.names(place), Unread) and names.why not in (Why.ABSENT, Why.NOT_A_FILE)
    )
    marks = {place: [bool(in_folder(root, place, mark)) for mark in MARKS] for place in PLACES}
    there = [place for place in PLACES if any(marks[place])]
    esp = max(there, key=lambda place: marks[place], default="")
    started = partition(root)
    mounted = mount_of(root, started) if started else None
    if isinstance(mounted, str) and mounted in there:
        esp = mounted
    extended = EXTENDED if EXTENDED in there and esp not in (EXTENDED, "") and _is_apart(root, esp) else ""
    return Partitions(esp, extended, missing)


def _is_apart(root: Root, esp: str) -> bool:
    """Whether /boot is a partition that the loader can read, and no folder of the system's own file system."""
    kinds = {e.point: e.kind for e in entries(or_else(root.text("/etc/fstab"), "")) if e.point != "/"}
    for line in or_else(root.lines("/proc/self/mounts"), ()):
        words = line.split(" ")
        if len(words) > 2:
            kinds[words[1]] = words[2]
    points = points_of(root)
    if (points or kinds.keys() & set(PLACES)) and EXTENDED not in {*points, *kinds}:
        return False
    return kinds.get(EXTENDED) not in UNSEEN or bool(in_folder(root, esp, DRIVERS))

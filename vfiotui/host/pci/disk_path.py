"""From a block device to the PCI functions that carry it: layers, multipath, NVMe subsystems, VMD.

Sources: ABI/stable/sysfs-block (slaves); drivers/md/dm-mpath.c with multipath-tools (a map's uuid begins with mpath-);
drivers/nvme/host/multipath.c and core.c (nvmeXnY below nvme-subsysX, its paths nvmeXcZnY below each controller);
drivers/pci/controller/vmd.c (a host bridge of its own below the controller's function).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.pci.functions import BDF, NESTED
from vfiotui.model.pci.usb import device_in

BLOCK = "/sys/class/block"
BTRFS = "/sys/fs/btrfs"
DEPTH = 8
"""Layers of mapped devices that are followed."""
SUBSYSTEM = re.compile(r"(/sys/devices/virtual/nvme-subsystem/nvme-subsys\d{1,9})/nvme(\d{1,9})n(\d{1,9})(?:/.*)?")
CONTROLLER = re.compile(r"nvme\d{1,9}")


@dataclass(frozen=True, slots=True)
class DiskPath:
    """One PCI function on the way to a block device."""

    bdf: str
    disk: str
    """The disk or partition at the end of the layers."""
    way: str = ""
    """How the disk hangs there, as words that follow its name; empty for a disk of this controller alone."""
    usb: str = ""
    """The USB device that it is in, by its kernel name."""


def disk_paths(root: Root, name: str) -> tuple[DiskPath, ...]:
    """All PCI functions that carry a block device; none where no layer leads to one, as with disks of a network."""
    found = [p for disk, above in _disks_below(root, name, "", DEPTH) for p in _carriers(root, disk, above)]
    return tuple(dict.fromkeys(found))


def pools(root: Root) -> dict[str, tuple[str, ...]]:
    """Block device → all devices of the btrfs that it belongs to."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in or_else(root.names(BTRFS), ()):
        members = or_else(root.names(f"{BTRFS}/{pool}/devices"), ())
        found.update(dict.fromkeys(members, members))
    return found


def _disks_below(root: Root, name: str, above: str, depth: int) -> Iterator[tuple[str, str]]:
    """The disks and partitions that a device is made of, itself where it is made of none.

    Each with the multipath map above it.
    """
    slaves = or_else(root.names(f"{BLOCK}/{name}/slaves"), ())
    if not slaves or not depth:
        yield name, above
        return
    if name.startswith("dm-") and or_else(root.text(f"{BLOCK}/{name}/dm/uuid", 4096), "").startswith("mpath-"):
        volume = or_else(root.text(f"{BLOCK}/{name}/dm/name", 4096), name)
        above = f", a path of the multipath device {volume}"
    for slave in slaves:
        yield from _disks_below(root, slave, above, depth - 1)


def _carriers(root: Root, disk: str, above: str) -> Iterator[DiskPath]:
    real = root.real(f"{BLOCK}/{disk}")
    if isinstance(real, Unread):
        return
    shared = SUBSYSTEM.fullmatch(real)
    if shared is None:
        yield from _functions(real, disk, above)
        return
    folder, subsystem, namespace = shared.groups()
    path = re.compile(rf"nvme{subsystem}c\d+n{namespace}")
    controllers = [n for n in or_else(root.names(folder), ()) if CONTROLLER.fullmatch(n)]
    places = [place for n in controllers if not isinstance(place := root.real(f"{folder}/{n}"), Unread)]
    # Not each controller of a subsystem has a path to each namespace.
    own = [place for place in places if any(map(path.fullmatch, or_else(root.names(place), ())))] or places
    way = f", an NVMe namespace with {len(own)} paths" if len(own) > 1 else ""
    for place in own:
        yield from _functions(place, disk, above or way)


def _functions(real: str, disk: str, way: str) -> Iterator[DiskPath]:
    """The controller in a real path, and each VMD controller above it."""
    parts = real.split("/")
    places = [i for i, part in enumerate(parts) if BDF.fullmatch(part)]
    if not places:
        return
    last = DiskPath(parts[places[-1]], disk, way, device_in(real))
    yield last
    for i in places[:-1]:
        if NESTED.fullmatch(parts[i + 1]):
            yield replace(last, bdf=parts[i], way=f"{way}, behind this VMD controller")

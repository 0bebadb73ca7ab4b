"""What the host itself needs of its devices (filesystems/proc.rst, ABI/stable/sysfs-block, input/input.rst).

The way leads from a file system or swap to the PCI functions that carry it, through partitions, mapper, RAID and btrfs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vfiotui.formats.system.fstab import unescaped
from vfiotui.host.pci import network
from vfiotui.host.pci.disk_path import BLOCK, DiskPath, disk_paths, pools
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.host_use import DiskUse, HostUse, Keyboard
from vfiotui.model.pci.usb import device_in


def name_of(root: Root, source: str) -> str:
    """The kernel's name of a block device: /dev/mapper/x and /dev/disk/by-uuid/y lead to dm-0 and sda1."""
    if not source.startswith("/dev/"):
        return ""
    real = root.real(source)
    name = or_else(real, source).rpartition("/")[2]
    if root.exists(f"{BLOCK}/{name}") is True:
        return name
    mapped = source.rpartition("/")[2]
    for candidate in or_else(root.names(BLOCK), ()):
        if candidate.startswith("dm-") and root.text(f"{BLOCK}/{candidate}/dm/name", 4096) == mapped:
            return candidate
    return ""


MOUNTS, SWAPS, INPUT = "/proc/mounts", "/proc/swaps", "/proc/bus/input/devices"
FIELD = re.compile(r"^[NSB]: (?:(Name)=\"(.*)\"|(Sysfs)=(.*)|(EV)=([0-9a-f ]+))$", re.MULTILINE)
LINE = re.compile(r"(?:[INPSUHB]: .*)?")
"""A line of /proc/bus/input/devices (drivers/input/input.c input_devices_seq_show)."""
REPEAT, KEYS = 1 << 0x14, 1 << 0x01
"""Bits of EV: keys that repeat are those of a keyboard; power buttons and lids do not repeat (input/event-codes)."""


def read_disks(root: Root) -> tuple[Reading[tuple[DiskUse, ...]], tuple[str, ...]]:
    """What lies on the disks of PCI functions, and the mounts that lead to no function."""
    lines = root.lines(MOUNTS)
    if isinstance(lines, Unread):
        return lines, ()
    wanted: dict[str, str] = {}
    pooled: list[str] = []
    for line in lines:
        words = line.split(" ")
        if len(words) < 3:
            continue
        if words[0].startswith("/dev/") and words[2] != "squashfs":
            wanted.setdefault(unescaped(words[1]), unescaped(words[0]))
        elif words[2] == "zfs":
            pooled.append(f"{unescaped(words[1])} (zfs)")
    sources = [(source, place) for place, source in wanted.items()]
    swaps = or_else(root.lines(SWAPS, 1 << 16), ())[1:]
    sources += [(w[0], "swap") for w in (line.split() for line in swaps) if len(w) > 1 and w[1] == "partition"]
    found: dict[tuple[str, str, str], DiskUse] = {}
    unseen = list(pooled)
    members = pools(root)
    # A host of containers mounts one disk at thousands of places.
    followed = {source: _followed(root, members, source) for source in dict.fromkeys(s for s, _ in sources)}
    for source, place in sources:
        name, paths = followed[source]
        uses = [DiskUse(path.bdf, path.disk, place, path.way, path.usb) for path in paths]
        found.update({(u.bdf, u.usb, u.place): u for u in reversed(uses)})
        if not uses and not name.startswith(("loop", "zram")):
            unseen.append(f"{place} ({source})")
    return tuple(found.values()), tuple(unseen)


def _followed(root: Root, members: Mapping[str, tuple[str, ...]], source: str) -> tuple[str, tuple[DiskPath, ...]]:
    """The kernel's name of a block device, and the functions and disks that it lies on."""
    name = name_of(root, source)
    together = members.get(name, (name,)) if name else ()
    return name, tuple(path for n in together for path in disk_paths(root, n))


def read_keyboards(root: Root) -> Reading[tuple[Keyboard, ...]]:
    """Everything with repeating keys, by its place in sysfs."""
    lines = root.table(INPUT, LINE.fullmatch, 1 << 20)
    if isinstance(lines, Unread):
        return lines
    text = "\n".join(lines)
    found: dict[tuple[str, str], Keyboard] = {}
    for part in text.split("\n\n"):
        fields = {k: v for m in FIELD.finditer(part) for k, v in ((m[1] or m[3] or m[5], m[2] or m[4] or m[6] or ""),)}
        words = fields.get("EV", "").split()
        bits = int(words[-1], 16) if words and len(words[-1]) < 17 else 0
        place = fields.get("Sysfs", "")
        if bits & (REPEAT | KEYS) == REPEAT | KEYS and not place.startswith("/devices/virtual/input"):
            functions = [p for p in place.split("/") if BDF.fullmatch(p)]
            bdf = functions[-1] if functions else ""
            # A PS/2 port behind the LPC bridge is no part of a function that could be given away.
            bdf = "" if "/i8042/" in place else bdf
            name = fields.get("Name", "") or "a keyboard"
            found.setdefault((bdf, place.partition("/input/")[0]), Keyboard(name, bdf, device_in(place)))
    return tuple(found.values())


def read(root: Root) -> Reading[HostUse]:
    """Disks, networks and keyboards of the host."""
    disks, unseen = read_disks(root)
    return HostUse(disks, network.read(root), read_keyboards(root), unseen)

"""What this host would do with a block device that it does not use at the moment, and what lies on it.

Sources: fstab(5); crypttab(5); udev's database (/run/udev/data/bMAJOR:MINOR, lines E:NAME=VALUE; ID_FS_TYPE is that of
libblkid); OpenZFS (/proc/spl/kstat/zfs has a folder for each imported pool; a member's label is the pool's name).
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.system import crypttab, fstab
from vfiotui.host.pci.disk_path import BLOCK
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else

UDEV = "/run/udev/data"
TAGS = {
    "UUID": "/dev/disk/by-uuid",
    "LABEL": "/dev/disk/by-label",
    "PARTUUID": "/dev/disk/by-partuuid",
    "PARTLABEL": "/dev/disk/by-partlabel",
}
"""Tags of fstab, with the folder of links to what bears them."""
POOLS = "/proc/spl/kstat/zfs"
MEMBERS = ("LVM2_member", "linux_raid_member", "crypto_LUKS", "zfs_member", "mpath_member", "swap", "bcache",
           "isw_raid_member", "ddf_raid_member", "DM_integrity", "VDO", "ceph_bluestore", "drbd")  # fmt: skip
"""Types that are a part of something, or that are not mounted (libblkid)."""


def properties(root: Root, name: str) -> dict[str, str]:
    """What udev knows of a block device by its kernel name; nothing where it has no entry for it."""
    number = root.text(f"{BLOCK}/{name}/dev", 64)
    if isinstance(number, Unread):
        return {}
    lines = or_else(root.lines(f"{UDEV}/b{number.strip()}", 1 << 16), ())
    pairs = (line[2:].partition("=") for line in lines if line.startswith("E:"))
    return {key: value for key, _, value in pairs}


def _tagged(root: Root, source: str) -> str:
    """The real path of a source of fstab; empty where it is no device of this host."""
    tag, equals, value = source.partition("=")
    value = value.strip("\"'")
    if equals and tag in TAGS and "/" not in value:
        return or_else(root.real(f"{TAGS[tag]}/{value}"), "")
    return or_else(root.real(source), "") if source.startswith("/dev/") else ""


def _swaps(text: str) -> Iterator[str]:
    """Sources of the swap areas of fstab."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[2] == "swap" and not words[0].startswith("#"):
            yield fstab.unescaped(words[0])


def claims(root: Root, family: frozenset[str]) -> tuple[str, ...]:
    """What the next boot mounts, opens or swaps to of some devices, and the multipath maps and ZFS pools of them.

    `family` are real paths: the device, its partitions, the disk that it is a partition of.
    """
    table = or_else(root.text("/etc/fstab", 1 << 20), "")
    found = [
        f"named in /etc/fstab for {entry.point}"
        for entry in fstab.entries(table)
        if entry.is_device and _tagged(root, entry.source) in family
    ]
    found += ["named in /etc/fstab for swap" for source in _swaps(table) if _tagged(root, source) in family]
    for volume in crypttab.parse(or_else(root.text("/etc/crypttab", 1 << 16), "")):
        if or_else(root.real(volume.path), "") in family:
            found.append(f"named in /etc/crypttab as {volume.name}")
    imported = or_else(root.names(POOLS), ())
    for path in sorted(family):
        known = properties(root, path.rpartition("/")[2])
        if known.get("DM_MULTIPATH_DEVICE_PATH") == "1" or known.get("ID_FS_TYPE") == "mpath_member":
            found.append(f"{path} is a path of a multipath device")
        if known.get("ID_FS_TYPE") == "zfs_member" and known.get("ID_FS_LABEL") in imported:
            found.append(f"{path} belongs to the ZFS pool {known['ID_FS_LABEL']}")
    return tuple(dict.fromkeys(found))


def signs(root: Root, family: frozenset[str]) -> tuple[str, ...]:
    """What lies on some devices and is a part of something that may be started: "sdb1: LVM2_member"."""
    names = (path.rpartition("/")[2] for path in sorted(family))
    types = ((name, properties(root, name).get("ID_FS_TYPE", "")) for name in names)
    return tuple(f"{name}: {kind}" for name, kind in types if kind in MEMBERS)

"""GRUB's names of files, (device)/path, and where they lie in a root.

GRUB counts paths from the top of a file system: on a /boot partition /vmlinuz, on a btrfs /@/boot/vmlinuz, on ZFS
/ROOT/pve-1@/boot/vmlinuz. Which device a name such as hd0,gpt2 means is known to the firmware only.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from vfiotui.formats.system.fstab import entries, unescaped
from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else

HERE = "root:"
"""The device of paths that are inside the root already: those of GRUB's own folder."""
ESPS = ("/boot/efi", "/efi")
NAMED = re.compile(r"\(([^)]*)\)(.*)", re.DOTALL)
TEXT_LIMIT = 4 << 20
"""Bytes; a menu with a hundred snapshots has half a megabyte."""
TAGS = {"uuid": "UUID=", "label": "LABEL="}


class There(Enum):
    """Whether a file is there."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Found(NamedTuple):
    """A file of GRUB's in this root."""

    path: str
    """Inside the root; where nothing is there, the place at which it should be."""
    there: There
    kind: str = ""
    """As in `Stat.kind`."""
    size: int = 0


class FileSystem(NamedTuple):
    """A file system of this root."""

    point: str
    tags: frozenset[str]
    """UUID=…, LABEL=… in lower case, as far as they are known."""
    subvolume: str
    """The path of its top on its device, with a slash ahead; empty where it is the device's top, or not known."""


class Places:
    """Finds GRUB's files in one root."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.systems = _file_systems(root)

    def split(self, path: str, device: str) -> tuple[str, str]:
        """Device and path of a name; without a device of its own it lies on the given one."""
        match = NAMED.fullmatch(path)
        return (match[1], match[2]) if match else (device, path)

    def is_foreign(self, device: str) -> bool:
        """Whether the device is a file system that is certainly none of this root: all of them are known by UUID."""
        kind, _, value = device.partition(":")
        if kind != "uuid" or not self.systems:
            return False
        known = [any(t.startswith("uuid=") for t in s.tags) for s in self.systems]
        return all(known) and not any(f"uuid={value.lower()}" in s.tags for s in self.systems)

    def find(self, path: str, device: str) -> Found:
        """The file; UNKNOWN where it could lie on a device that is not seen here."""
        device, path = self.split(path, device)
        if device == HERE:
            return self._at(path or "/")
        if self.is_foreign(device):
            return Found(path, There.UNKNOWN)
        kind, _, value = device.partition(":")
        named = [s for s in self.systems if f"{TAGS.get(kind, '-')}{value}".lower() in s.tags]
        unseen = False
        tries = [t for s in named or self._all() for t in self._tries(s, path)]
        for place in dict.fromkeys(tries):
            found = self._at(place)
            if found.there is There.YES:
                return found
            unseen |= found.there is There.UNKNOWN
        sure = (named or device == "") and not unseen
        return Found(tries[0] if tries else path, There.NO if sure else There.UNKNOWN)

    def _all(self) -> list[FileSystem]:
        points = {s.point for s in self.systems}
        more = [FileSystem(p, frozenset(), "") for p in ("/boot", "/", *ESPS) if p not in points]
        order = ("/boot", "/", *ESPS)
        known = [s for s in self.systems if s.point in order]
        return sorted((*known, *more), key=lambda s: order.index(s.point))

    def _tries(self, system: FileSystem, path: str) -> list[str]:
        """Where the path may lie on a file system of this root, the likeliest first."""
        point = system.point.rstrip("/")
        if system.point in PLACES and (inside := in_folder(self.root, system.point, path)):
            return [inside]
        found = []
        if system.subvolume and path.startswith(f"{system.subvolume}/"):
            found.append(f"{point}{path[len(system.subvolume) :]}")
        found.append(f"{point}/{path.lstrip('/')}")
        if system.point == "/" and not system.subvolume and "/boot/" in path[1:]:
            # The top of a btrfs or of a ZFS dataset, where nothing tells its name.
            found.append(path[path.index("/boot/", 1) :])
        return found

    def _at(self, path: str) -> Found:
        found = self.root.stat(path)
        if isinstance(found, Unread):
            gone = found.why in (Why.ABSENT, Why.NOT_A_FILE, Why.VANISHED)
            return Found(path, There.NO if gone else There.UNKNOWN)
        return Found(path, There.YES, found.kind, found.size)

    def text(self, path: str, device: str) -> Reading[tuple[str, str]]:
        """The text of a file and its path inside the root."""
        found = self.find(path, device)
        if found.there is not There.YES:
            why = "is not there" if found.there is There.NO else f"cannot be seen: GRUB names it {path}"
            return Unread(why, Why.ABSENT if found.there is There.NO else Why.NOT_HERE, found.path)
        text = self.root.decoded(found.path, TEXT_LIMIT)
        return text if isinstance(text, Unread) else (text, found.path)


def _file_systems(root: Root) -> tuple[FileSystem, ...]:
    """The file systems that hold boot files, by /etc/fstab and by what is mounted."""
    by_device: dict[str, set[str]] = {}
    for folder, tag in (("by-uuid", "uuid="), ("by-label", "label=")):
        for name in or_else(root.names(f"/dev/disk/{folder}"), ()) if root.has("dev") else ():
            link = root.link(f"/dev/disk/{folder}/{name}")
            if not isinstance(link, Unread):
                by_device.setdefault("/dev/" + link.rpartition("/")[2], set()).add(
                    f"{tag}{unescaped_udev(name)}".lower()
                )
    found: dict[str, FileSystem] = {}
    for entry in entries(or_else(root.text("/etc/fstab", 1 << 20), "")):
        if entry.point in ("/", *PLACES):
            tags = {entry.source.lower()} if "=" in entry.source else by_device.get(entry.source, set())
            subvolume = next((o[7:] for o in entry.options if o.startswith("subvol=")), "")
            found[entry.point] = FileSystem(entry.point, frozenset(tags), f"/{subvolume.strip('/')}".rstrip("/"))
    for line in or_else(root.lines("/proc/self/mountinfo"), ()) if root.is_live else ():
        left, _, right = line.partition(" - ")
        words, source = left.split(" "), right.split(" ")
        if len(words) > 4 and len(source) > 1 and words[4] in ("/", *PLACES):
            before = found.get(words[4])
            tags = {*by_device.get(source[1], ()), *(before.tags if before else ())}
            found[words[4]] = FileSystem(words[4], frozenset(tags), unescaped(words[3]).rstrip("/"))
    return tuple(found.values())


def unescaped_udev(name: str) -> str:
    r"""A name below /dev/disk, in which udev writes blanks and slashes as \x20 and \x2f."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), name)

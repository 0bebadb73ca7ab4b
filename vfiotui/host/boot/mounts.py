"""What is mounted where: the file systems of a root's fstab that are missing, and roots that are none."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from vfiotui.formats.system.fstab import Entry, entries
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import or_else

MOUNTS = "/proc/self/mountinfo"
TOPS = ("etc", "usr", "boot")
"""One of them is at the top of every system, and of none of the other file systems that are mounted by mistake."""
SUBVOLUMES = ("@", "root", "@rootfs", "@/.snapshots/1/snapshot")
"""Where the installers of Ubuntu and Arch, Fedora, Debian and openSUSE put the system inside a btrfs."""


def mount_points() -> frozenset[str]:
    """The places of the running system at which something is mounted (proc(5), mountinfo)."""
    found = set()
    for line in or_else(Root.live().lines(MOUNTS), ()):
        words = line.split(" ")
        if len(words) > 4:
            found.add(_plain(words[4]))
    return frozenset(found)


def _plain(word: str) -> str:
    """A path of mountinfo without its escapes, which are octal."""
    return word.encode().decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")


def points_of_type(kind: str) -> tuple[str, ...]:
    """The places of the running system at which a file system of this type is mounted, in order."""
    found = []
    for line in or_else(Root.live().lines(MOUNTS), ()):
        left, _, right = line.partition(" - ")
        words = left.split(" ")
        if len(words) > 4 and right.split(" ")[0] == kind:
            found.append(_plain(words[4]))
    return tuple(dict.fromkeys(found))


def points_of(root: Root) -> frozenset[str]:
    """The places of this root at which something is mounted, by paths inside it; none where nothing tells."""
    said = root.said
    if said is not None:
        return frozenset(str(p) for p in said.facts.get("mounted", ()))
    prefix = _prefix(root)
    if prefix is None:
        return frozenset()
    inside = (p[len(prefix) :] or "/" for p in mount_points() if p == prefix or p.startswith(f"{prefix}/"))
    return frozenset(inside)


def _prefix(root: Root) -> str | None:
    """Where the root lies on the running system; None for one that is not mounted: a capture, the demo."""
    if root.is_live:
        return ""
    if root.said is not None:
        return "" if root.origin in (Mode.LIVE, Mode.ROOT) else None
    if root.mode is Mode.DEMO or not root.label or not os.path.isdir(root.label):
        return None
    prefix = os.path.realpath(root.label).rstrip("/")
    # A captured tree has plain files below proc and sys; a disk that somebody entered has the kernel's.
    return None if root.mode is Mode.CAPTURE and f"{prefix}/proc" not in mount_points() else prefix


def missing_mounts(root: Root) -> tuple[Entry, ...]:
    """The file systems on devices that /etc/fstab names below the root and that are not mounted; outer ones first."""
    prefix = _prefix(root)
    wanted = [e for e in entries(or_else(root.text("/etc/fstab"), "")) if e.point != "/" and e.is_device]
    if prefix is None or not wanted:
        return ()
    mounted = points_of(root)
    missing = [e for e in wanted if or_else(root.real(e.point), e.point) not in mounted]
    return tuple(sorted(missing, key=lambda e: e.point))


def how_to_mount(root: Root, entry: Entry) -> str:
    """The command that mounts it, for a person."""
    if root.origin is Mode.LIVE:
        return f"mount {shlex.quote(entry.point)}"
    options = [o for o in entry.options if o.startswith(("subvol=", "subvolid="))]
    words = [
        "mount",
        *(["-o", ",".join(options)] if options else []),
        entry.source,
        root.label.rstrip("/") + entry.point,
    ]
    return shlex.join(words)


def not_mounted(root: Root) -> Mapping[str, str]:
    """Mount points of /etc/fstab at which nothing is mounted, each with the command that mounts it."""
    return {entry.point: how_to_mount(root, entry) for entry in missing_mounts(root)}


def why_no_system(root: Root) -> str | None:
    """Why a folder is not the top of a system, as a sentence with what to mount; None where it is one."""
    if root.mode is not Mode.ROOT or any(root.exists(f"/{name}") is True for name in TOPS):
        return None
    for name in SUBVOLUMES:
        if root.exists(f"/{name}/etc") is True:
            device = _device_of(root)
            place = shlex.quote(root.label)
            return (
                f"{root.label} is the top of a btrfs, the system is its subvolume {name}: "
                f"'umount {place}', then 'mount -o subvol={shlex.quote(name)} {device} {place}'"
            )
    if root.exists("/EFI") is True:
        return f"{root.label} is an EFI partition, not a system: mount the system's root file system there"
    if root.exists("/grub") is True or root.exists("/loader") is True:
        return f"{root.label} is a /boot partition, not a system: mount the system's root file system there"
    return f"no system is in {root.label}: it has no /etc, /usr or /boot; mount the system's root file system there"


def _device_of(root: Root) -> str:
    """The device behind a mounted root, or a word that stands for it."""
    prefix = os.path.realpath(root.label)
    for line in reversed(or_else(Root.live().lines(MOUNTS), ())):
        left, _, right = line.partition(" - ")
        words, source = left.split(" "), right.split(" ")
        if len(words) > 4 and words[4] == prefix and len(source) > 1:
            return source[1]
    return "DEVICE"

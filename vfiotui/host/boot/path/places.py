"""Where a loader's paths lie in a root: mounted EFI partitions, and names on file systems that ignore case."""

from __future__ import annotations

from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else


def esps(root: Root) -> tuple[str, ...]:
    """The mounted EFI partitions: those of /efi, /boot/efi and /boot that hold a folder EFI, whatever its case."""
    return tuple(place for place in PLACES if in_folder(root, place, "EFI"))


def in_folder(root: Root, folder: str, path: str) -> str:
    r"""The path inside the root of a name below a folder, its case ignored as FAT does; empty where it is not there.

    Both kinds of slashes part the names, as loaders take them. ".." and links that lead out of the root find nothing.
    """
    place = folder.rstrip("/")
    for part in path.replace("\\", "/").split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            return ""
        names = or_else(root.names(place or "/"), ())
        found = part if part in names else next((n for n in names if n.lower() == part.lower()), None)
        if found is None:
            return ""
        place = f"{place}/{found}"
    return place


def mounted_at(root: Root, name: str, kind: str = "by-partuuid") -> Reading[str]:
    """Where the partition of a link in /dev/disk is mounted; a GUID may be the partition's or its file system's."""
    for folder in (kind, "by-uuid") if kind == "by-partuuid" else (kind,):
        if "/" not in name and isinstance(link := root.link(f"/dev/disk/{folder}/{name}"), str):
            device = "/dev/" + link.rpartition("/")[2]
            for line in or_else(root.lines("/proc/self/mounts"), ()):
                words = line.split(" ")
                if len(words) > 2 and words[0] == device:
                    return words[1]
            return Unread(f"its partition {device} is not mounted", Why.NOT_HERE)
    return Unread(f"the partition {name} is not known here", Why.NOT_HERE)

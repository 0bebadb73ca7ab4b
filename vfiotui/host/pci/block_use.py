"""What this host itself does with a block device: mounts, swap, and devices built upon it."""

from __future__ import annotations

from vfiotui.formats.system.fstab import unescaped
from vfiotui.host.pci.disk_path import BLOCK, pools
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else

FIELDS, SWAP_FIELDS = 6, 5
"""Of a line of /proc/mounts and /proc/swaps (proc(5))."""


def _some(lines: Reading[tuple[str, ...]], path: str) -> Reading[tuple[str, ...]]:
    """The lines; no running system has none: something is mounted at /, and the swap table has a heading."""
    return lines or Unread("is empty", Why.DAMAGED, path)


class BlockUse:
    """Mounts and swap areas, read once; answers for any number of devices."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._mounts = _some(root.table("/proc/mounts", lambda line: len(line.split()) == FIELDS), "/proc/mounts")
        self._swaps = _some(root.table("/proc/swaps", lambda line: len(line.split()) >= SWAP_FIELDS), "/proc/swaps")
        self._real: dict[str, str] = {}
        self._pools = pools(root)
        """A file system of several devices is mounted by the name of one of them."""

    def _resolved(self, path: str) -> str:
        if path not in self._real:
            self._real[path] = or_else(self._root.real(path), path)
        return self._real[path]

    def users(self, path: str) -> Reading[tuple[str, ...]]:
        """What uses the device at a path, or a partition of it; Unread where this root cannot tell."""
        if isinstance(self._mounts, Unread):
            return self._mounts
        if isinstance(self._swaps, Unread):
            return self._swaps
        device = self._root.real(path)
        if isinstance(device, Unread):
            return device
        family = self.family(device)
        found = [f"in a btrfs of {len(m)} devices" for n in sorted(family) if (m := self._members(n)) and len(m) > 1]
        for line in self._mounts:
            words = line.split()
            if len(words) > 1 and words[0].startswith("/dev/") and self._resolved(unescaped(words[0])) in family:
                found.append(f"mounted at {unescaped(words[1])}")
        for line in self._swaps[1:]:
            if line.split() and self._resolved(unescaped(line.split()[0])) in family:
                found.append("swap")
        for member in (*sorted(family), *self._disk_of(device)):
            holders = self._root.names(f"{BLOCK}/{member.removeprefix('/dev/')}/holders")
            if isinstance(holders, Unread) and holders.why is not Why.ABSENT:
                return holders
            found.extend(f"held by {holder}" for holder in or_else(holders, ()))
        return tuple(dict.fromkeys(found))

    def family(self, device: str) -> frozenset[str]:
        """The paths of a device and of its partitions; `device` is a real path."""
        return frozenset((device, *(f"/dev/{name}" for name in self._partitions(device.removeprefix("/dev/")))))

    def _members(self, path: str) -> tuple[str, ...]:
        return self._pools.get(path.removeprefix("/dev/"), ())

    def _disk_of(self, device: str) -> tuple[str, ...]:
        """The disk that a partition lies on: what is built upon the disk holds its partitions too."""
        name = device.removeprefix("/dev/")
        place = self._root.real(f"{BLOCK}/{name}")
        if isinstance(place, Unread) or self._root.exists(f"{BLOCK}/{name}/partition") is not True:
            return ()
        disk = place.split("/")[-2]
        return (f"/dev/{disk}",) if self._root.exists(f"{BLOCK}/{disk}") is True else ()

    def _partitions(self, name: str) -> list[str]:
        """Partitions of a disk: folders below its own that say which partition they are."""
        folder = f"{BLOCK}/{name}"
        return [
            n for n in or_else(self._root.names(folder), ()) if self._root.exists(f"{folder}/{n}/partition") is True
        ]

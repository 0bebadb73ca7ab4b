"""From a file system or swap to the PCI functions that carry it, through partitions, mapper, RAID and btrfs."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.pci.functions import BDF

BLOCK = "/sys/class/block"
BTRFS = "/sys/fs/btrfs"
DEPTH = 8
"""Layers of mapped devices that are followed."""


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


def controller_of(root: Root, name: str) -> str:
    """The PCI function in the real path of a block device; empty where there is none."""
    real = root.real(f"{BLOCK}/{name}")
    found = [] if isinstance(real, Unread) else [p for p in real.split("/") if BDF.fullmatch(p)]
    return found[-1] if found else ""


def disks_below(root: Root, name: str, depth: int = DEPTH) -> Iterator[str]:
    """The disks and partitions that a device is made of; itself where it is made of none."""
    slaves = or_else(root.names(f"{BLOCK}/{name}/slaves"), ())
    if not slaves or not depth:
        yield name
    for slave in slaves if depth else ():
        yield from disks_below(root, slave, depth - 1)


def pools(root: Root) -> dict[str, tuple[str, ...]]:
    """Block device → all devices of the btrfs that it belongs to."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in or_else(root.names(BTRFS), ()):
        members = or_else(root.names(f"{BTRFS}/{pool}/devices"), ())
        found.update(dict.fromkeys(members, members))
    return found

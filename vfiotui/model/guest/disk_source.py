"""What a path holds that a guest is to have as a disk: a block device or an image, and what else uses it."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass

BLOCK, FILE, CONTROLLER, OTHER = "block", "file", "controller", "other"
"""Kinds: a block device, a regular file, an NVMe controller (a character device), and what is none of them."""


@dataclass(frozen=True, slots=True)
class DiskSource:
    """One path at one moment, links followed."""

    path: str
    """As it was asked for."""
    real: str
    """The path behind all links."""
    kind: str
    size: int = 0
    """Bytes of a file; 0 for a device."""
    format: str = "raw"
    """raw, qcow2, vmdk, vdi, vhdx or luks, by the first bytes of a file; a block device is raw."""
    users: Reading[tuple[str, ...]] = ()
    """What on this host uses a block device or a part of it now or at its next boot: "mounted at /home"."""
    signs: tuple[str, ...] = ()
    """What lies on it and is not in use now, by udev's word: "sdb1: LVM2_member"."""
    functions: tuple[str, ...] = ()
    """Addresses of the NVMe controllers that carry it; empty for other disks."""

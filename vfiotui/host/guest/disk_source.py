"""A block device or an image that a guest is to have as a disk, as this host has it.

Sources of the first bytes: QEMU's block drivers (qcow2.c, vmdk.c, vdi.c, vhdx.c), cryptsetup (LUKS).
"""

from __future__ import annotations

import stat

from vfiotui.host.pci import block_claims
from vfiotui.host.pci.block_use import BlockUse
from vfiotui.host.pci.disk_path import BLOCK, disk_paths
from vfiotui.host.pci.disk_path import CONTROLLER as NVME
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else, then
from vfiotui.model.guest.disk_source import BLOCK as BLOCK_DEVICE
from vfiotui.model.guest.disk_source import CONTROLLER, FILE, OTHER, DiskSource

SECONDS = 2.0
"""A network file system that hangs is given up after this."""
HEAD = 1 << 10
FORMATS = (
    (0, b"QFI\xfb", "qcow2"),
    (0, b"KDMV", "vmdk"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0x40, b"\x7f\x10\xda\xbe", "vdi"),
)
"""Offset and bytes at the beginning of an image, and QEMU's name of its format."""


def format_of(head: bytes) -> str:
    r"""QEMU's name of an image's format by its first bytes; raw where none is known.

    >>> format_of(b"QFI\xfb\0\0\0\3"), format_of(b"")
    ('qcow2', 'raw')
    """
    return next((name for at, magic, name in FORMATS if head[at : at + len(magic)] == magic), "raw")


def read(root: Root, path: str) -> Reading[DiskSource]:
    """What a path holds; Unread where nothing is there or it cannot be looked at."""
    return root.within(lambda: _read(root, path), SECONDS, path) if root.is_live else _read(root, path)


def _read(root: Root, path: str) -> Reading[DiskSource]:
    real = root.real(path)
    if isinstance(real, Unread):
        return real
    found = root.stat(real)
    if isinstance(found, Unread):
        return found
    name = real.rpartition("/")[2]
    # A tree that is held in memory keeps no modes of devices: sysfs shows there what is one.
    if stat.S_ISBLK(found.mode) or (real.startswith("/dev/") and root.exists(f"{BLOCK}/{name}") is True):
        return _block(root, path, real, name)
    if real.startswith("/dev/") and NVME.fullmatch(name):
        return DiskSource(path, real, CONTROLLER, functions=_controller(root, name))
    if found.kind != "file":
        return DiskSource(path, real, OTHER)
    users = tuple(f"the disk of {name}" for name in _loops(root, real))
    return then(root.peek(real, HEAD), lambda head: DiskSource(path, real, FILE, found.size, format_of(head), users))


def _loops(root: Root, real: str) -> tuple[str, ...]:
    """The loop devices that show a file as a disk to this host (drivers/block/loop.c: backing_file)."""
    loops = [n for n in or_else(root.names(BLOCK), ()) if n.startswith("loop")]
    return tuple(f"/dev/{n}" for n in loops if root.text(f"{BLOCK}/{n}/loop/backing_file", 1 << 16) == real)


def _block(root: Root, path: str, real: str, name: str) -> DiskSource:
    use = BlockUse(root)
    family = use.family(real)
    claims = block_claims.claims(root, family)
    users = then(use.users(real), lambda now: tuple(dict.fromkeys((*now, *claims))))
    carriers = tuple(dict.fromkeys(p.bdf for p in disk_paths(root, name) if p.disk.startswith("nvme")))
    return DiskSource(path, real, BLOCK_DEVICE, users=users, signs=block_claims.signs(root, family), functions=carriers)


def _controller(root: Root, name: str) -> tuple[str, ...]:
    """The PCI function of an NVMe controller by its kernel name; none where it is no PCI device."""
    place = or_else(root.real(f"/sys/class/nvme/{name}/device"), "").rpartition("/")[2]
    return (place,) if place.count(":") == 2 else ()

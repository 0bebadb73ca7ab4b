"""Reads the option ROM out of a card: the kernel shows it only after a 1 was written to the file `rom`.

pci_read_rom and pci_write_rom in drivers/pci/pci-sysfs.c: without the 1 reading answers EINVAL, and EIO where
the ROM cannot be mapped. The decoder is closed again whatever happens.
"""

from __future__ import annotations

import contextlib
import os

from vfiotui.formats.option_rom import SIZE_LIMIT
from vfiotui.host.root.reasons import unread
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why

SECONDS = 10.0
"""A ROM of 1 MiB takes about a second on a slow bus; a sick card never answers."""


def read_card_rom(root: Root, bdf: str, seconds: float = SECONDS) -> Reading[bytes]:
    """The bytes of a card's ROM; on what is not the live host, what its tree holds in the file `rom`.

    What must hold before is asked of model.rom_source; this function does not look at it again.
    """
    path = f"/sys/bus/pci/devices/{bdf}/rom"
    if root.is_live:
        return root.within(lambda: _read_open(root, path), seconds, path)
    data = root.bytes(path, SIZE_LIMIT)
    return data if isinstance(data, Unread) or data else Unread("holds nothing in this root", Why.NOT_HERE, path)


def _read_open(root: Root, path: str) -> Reading[bytes]:
    try:
        fd = os.open(root.tree.where(path), os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return unread(error, path)
    try:
        os.pwrite(fd, b"1\n", 0)
        return root.bytes(path, SIZE_LIMIT)
    except OSError as error:
        return unread(error, path)
    finally:
        with contextlib.suppress(OSError):
            os.pwrite(fd, b"0\n", 0)
        os.close(fd)

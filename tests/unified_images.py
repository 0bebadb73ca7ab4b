"""Unified kernel images for tests: EFI programs of sections only, as systemd-stub lays them out."""

from __future__ import annotations

import struct
from collections.abc import Iterable

ARCH = 'ID=arch\nPRETTY_NAME="Arch Linux"\nBUILD_ID=rolling\n'
KERNEL = b"MZ" + bytes(0x200) + b"HdrS" + bytes(0x100)


def pe(sections: Iterable[tuple[str, bytes | str]]) -> bytes:
    """A PE file with these sections in order; a name may come again, as in an image of several profiles."""
    kept = [(name, body.encode() if isinstance(body, str) else body) for name, body in sections]
    table, bodies, start = b"", b"", 0x1000
    for name, body in kept:
        table += struct.pack("<8sIIII16x", name.encode(), len(body), 0, len(body), start + len(bodies))
        bodies += body
    head = struct.pack("<4sHH12xHH", b"PE\0\0", 0x8664, len(kept), 0, 0)
    return (b"MZ" + bytes(0x3A) + struct.pack("<I", 0x40) + head + table).ljust(start, b"\0") + bodies


def image(
    words: str | None, system: str = ARCH, release: str = "6.12.9-arch1-1", stub: int = 257, more: bytes = b""
) -> bytes:
    """An image of one profile."""
    return pe(
        [
            (".osrel", system),
            *([(".cmdline", words)] if words is not None else []),
            (".uname", release),
            (".sdmagic", f"#### LoaderInfo: systemd-stub {stub}.2-1 ####"),
            (".initrd", b"\0"),
            (".linux", KERNEL),
        ]
    )


def addon(words: str, release: str = "") -> bytes:
    """An addon that appends words."""
    mark = (".sdmagic", "#### LoaderInfo: systemd-addon 257 ####")
    return pe([(".cmdline", words), *([(".uname", release)] if release else []), mark])


def systemd_boot(version: str = "257.9-1") -> bytes:
    """The loader's program."""
    return pe([(".sdmagic", f"#### LoaderInfo: systemd-boot {version} ####"), (".osrel", "ID=systemd-boot\n")])

"""Which loader an EFI program is, by the text that its makers left in it."""

from __future__ import annotations

from vfiotui.formats.loaders.pe_image import sections

HEAD = 1 << 20
"""Bytes that are looked through at once."""
MARK_LIMIT = 8 << 20
"""Bytes; loaders are smaller, and a kernel shows what it is in its first kilobyte."""
MARKS = (
    (b"#### LoaderInfo: systemd-boot", "systemd-boot"),
    (b"++CONFIG_B2SUM_SIGNATURE++", "limine"),
    ("rEFInd".encode("utf-16-le"), "refind"),
    (b"UEFI SHIM", "shim"),
    (b"Welcome to GRUB!", "grub"),
    (b"grub,1,Free Software Foundation", "grub"),
    ("Boot Manager\0bootmgr".encode("utf-16-le"), "windows"),
)
"""Text in the program → loader; the marks stand in systemd's boot.c, Limine's config.c, rEFInd's main.c, shim's
version.c and GRUB's kern/main.c and sbat section."""
HEADER = slice(0x202, 0x206)


def kind_of(data: bytes, first: bool = True) -> str:
    """The loader that a piece of an EFI program belongs to, empty where it does not tell; `first` for its beginning.

    >>> kind_of(b"MZ" + bytes(600) + b"#### LoaderInfo: systemd-boot 257 ####")
    'systemd-boot'
    """
    if first:
        names = {s.name for s in sections(data)}
        if ".linux" in names:
            return "uki"
        if data[HEADER] == b"HdrS":
            return "efistub"
    return next((kind for mark, kind in MARKS if mark in data), "")


def mark_of(data: bytes) -> bytes:
    """The text by which `kind_of` knows a loader; empty for a kernel and for what it does not know."""
    return next((mark for mark, _ in MARKS if mark in data[:MARK_LIMIT]), b"")

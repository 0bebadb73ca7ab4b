"""Real option ROMs, from where distributions keep them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDERS = (
    "/usr/lib/ipxe/qemu",
    "/usr/share/ipxe/qemu",
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/share/seavgabios",
)
EFI_ROMS = {
    "e1000": (0x8086, 0x100E),
    "e1000e": (0x8086, 0x10D3),
    "eepro100": (0x8086, 0x1229),
    "pcnet": (0x1022, 0x2000),
    "rtl8139": (0x10EC, 0x8139),
    "virtio": (0x1AF4, 0x1041),
    "vmxnet3": (0x15AD, 0x07B0),
}
"""Network cards of QEMU and the ids that their ROMs are for."""


def real_rom_path(name: str) -> str:
    """The path of a ROM file, or the end of the test."""
    found = next((f"{folder}/{name}" for folder in FOLDERS if os.path.exists(f"{folder}/{name}")), None)
    if found is not None:
        return found
    sentence = f"{name} is not here: install ipxe-qemu and seabios (make test does it)"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def real_rom(name: str) -> bytes:
    """The bytes of a ROM file."""
    return Path(real_rom_path(name)).read_bytes()

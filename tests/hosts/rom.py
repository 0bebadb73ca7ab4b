"""Machines whose cards have something wrong with their option ROMs."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from vfiotui.demo.description import Host

CARD = "0000:01:00.0"

HOSTS: dict[str, Host] = {
    "rom-broken": replace(
        CLEAN,
        log=CLEAN.log
        + f"[    9.100000] vfio-pci {CARD}: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff\n"
        + "[    9.200000] igb 0000:01:00.1: Invalid PCI ROM data signature: expecting 0x52494350, got 0x00000000\n",
    ),
    "rom-none": replace(CLEAN, pci=(BRIDGE, IGPU, gpu(CARD, 2, driver="vfio-pci", rom=""), AUDIO)),
    "rom-copy": replace(
        CLEAN,
        pci=(BRIDGE, replace(IGPU, boot_vga=False), gpu(CARD, 2, driver="vfio-pci", boot_vga=True), AUDIO),
    ),
}

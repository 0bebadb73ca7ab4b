"""Machines on which something that the host needs, or that somebody holds, is assigned to a guest."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, INTEL, WORDS, gpu
from vfiotui.demo.description import GuestDesc, Host, MountDesc, NetDesc, PciDesc, ProcessDesc, ScreenDesc, UsbDesc
from vfiotui.demo.guest_xml import guest_xml

DISK, NIC, XHCI = "0000:03:00.0", "0000:04:00.0", "0000:05:00.0"
CARD = "0000:01:00.0"
NEEDED = (
    PciDesc(DISK, 0x144D, 0xA808, 0x010802, 10, "nvme", "0000:00:01.0", msi=2, flr=True),
    PciDesc(NIC, 0x8086, 0x1539, 0x020000, 11, "igb", "0000:00:01.0", msi=1, flr=True),
    PciDesc(XHCI, 0x1022, 0x149C, 0x0C0330, 12, "xhci_hcd", "0000:00:01.0", msi=1, flr=True),
)


def wants(*devices: str, pid: int | None = None) -> GuestDesc:
    """A guest that is given some functions."""
    xml = guest_xml(
        "wants", "00000000-0000-4000-8000-0000000000aa", memory_gib=4, pins=(4, 5), emulator="0-1", hostdevs=devices
    )
    return GuestDesc("wants", xml, pid=pid, vcpus=2, pins=(4, 5))


HOSTS: dict[str, Host] = {
    "gives-all-away": replace(
        CLEAN,
        pci=(*CLEAN.pci, *NEEDED),
        usb=(
            UsbDesc(XHCI, 1, "1", 0x046D, 0xC31C, "Keyboard K120", "Logitech", 3, 1, "usbhid"),
            UsbDesc(XHCI, 1, "2", 0x8087, 0x0029, "AX200 Bluetooth", "Intel Corp.", 0xE0, 1, "btusb"),
        ),
        mounts=(
            MountDesc(DISK, "nvme0n1p2", "/", mapped="vg-root"),
            MountDesc(DISK, "nvme0n1p3", "swap"),
            MountDesc(DISK, "nvme0n1p4", "/mnt/my games"),
        ),
        networks=(NetDesc(NIC, "enp4s0", default=True, bridge="br0", ssh_from="192.0.2.77"),),
        guests=(wants(DISK, NIC, XHCI),),
    ),
    "old-interrupts": replace(
        CLEAN, pci=(BRIDGE, IGPU, gpu(CARD, 2, driver="vfio-pci", msi=0, intx="ehci_hcd:usb1"), AUDIO)
    ),
    "dark-card": replace(
        CLEAN,
        pci=(BRIDGE, IGPU, gpu(CARD, 2, driver="vfio-pci", class_code=0x038000), AUDIO),
        screen=ScreenDesc(CARD),
    ),
    "single-gpu": replace(
        CLEAN,
        pci=(BRIDGE, gpu(CARD, 2, boot_vga=True), replace(AUDIO, driver="snd_hda_intel")),
        guests=(wants(CARD, "0000:01:00.1"),),
        consoles=("(S) dummy device", "(M) frame buffer device"),
        processes=(ProcessDesc(1200, "Xorg", ("/dev/dri/card0", "/dev/snd/controlC0")),),
        enabled=(),
        files={},
    ),
    "group-kept": replace(CLEAN, processes=(ProcessDesc(900, "left-over", ("/dev/vfio/2",)),)),
    "acs-override": replace(
        CLEAN,
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} pcie_acs_override=downstream,multifunction",
        default_cmdline="quiet pcie_acs_override=downstream,multifunction",
        log=CLEAN.log + "[    0.1] Warning: PCIe ACS overrides enabled; This may allow non-IOMMU protected DMA\n",
    ),
    "igpu-bypassed": replace(
        INTEL,
        pci=(BRIDGE, replace(IGPU, boot_vga=False), gpu(CARD, 2, boot_vga=True)),
        guests=(wants("0000:00:02.0"),),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} intel_iommu=on,igfx_off",
        files={},
    ),
}

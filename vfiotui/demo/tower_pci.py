"""The PCI functions of the demo machine: a B550 board with two cards on the CPU and one on the chipset."""

from __future__ import annotations

from functools import partial
from typing import Any

from vfiotui.demo.description import PciDesc

MIB, GIB = 1 << 20, 1 << 30
GEN4, GEN3, GEN1 = "16.0 GT/s PCIe", "8.0 GT/s PCIe", "2.5 GT/s PCIe"
MAKERS = {
    0x1002: "Advanced Micro Devices, Inc. [AMD/ATI]",
    0x1022: "Advanced Micro Devices, Inc. [AMD]",
    0x10DE: "NVIDIA Corporation",
    0x144D: "Samsung Electronics Co Ltd",
    0x15B7: "Sandisk Corp",
    0x8086: "Intel Corporation",
}
HOST_BRIDGE, ISA, PORT, VGA, AUDIO = 0x060000, 0x060100, 0x060400, 0x030000, 0x040300
NVME, SATA, ETHERNET, XHCI = 0x010802, 0x010601, 0x020000, 0x0C0330
SWITCH_UP, SWITCH_DOWN = 5, 6
SMBUS = 0x0C0500
CHIPSET_GROUP = 14
"""Everything behind the chipset is one group, because its switch has no access control."""


def function(bdf: str, ids: str, name: str, kind: int, group: int, driver: str | None = None, **more: Any) -> PciDesc:
    """One function; `ids` as lspci -n prints them."""
    vendor, device = (int(word, 16) for word in ids.split(":"))
    return PciDesc(f"0000:{bdf}", vendor, device, kind, group, driver, name=name, maker=MAKERS[vendor], **more)


def port(bdf: str, ids: str, name: str, group: int, parent: str = "", express: int = 4, acs: bool = True) -> PciDesc:
    """A root or switch port."""
    above = f"0000:{parent}" if parent else ""
    more = {"parent": above, "express": express, "acs": acs, "reset": "pm bus", "bars": (), "msi": 1}
    return function(bdf, ids, name, PORT, group, "pcieport", subsystem=(0x1022, 0x1453), **more)


def dummy(bdf: str, ids: str, name: str, group: int) -> PciDesc:
    """A bridge without a driver and without anything to hand out."""
    return function(bdf, ids, name, HOST_BRIDGE, group, reset="", bars=(), express=-1)


def card(
    bdf: str, ids: str, name: str, board: str, group: int, driver: str | None, parent: str, **more: Any
) -> PciDesc:
    """A function of something in a slot: reset with its bus."""
    more = {"reset": "bus", "express": 1, "msi": 1, **more}
    return function(bdf, ids, name, group=group, driver=driver, board=board, parent=f"0000:{parent}", **more)


def _platform() -> tuple[PciDesc, ...]:
    """What sits on the root bus."""
    gpp, internal = "Starship/Matisse GPP Bridge", "Starship/Matisse Internal PCIe GPP Bridge 0 to bus[E:B]"
    fabric = tuple(
        dummy(f"00:18.{n}", f"1022:{0x1440 + n:04x}", f"Matisse Device 24: Function {n}", 12) for n in range(8)
    )
    return (
        dummy("00:00.0", "1022:1480", "Starship/Matisse Root Complex", 0),
        function("00:00.2", "1022:1481", "Starship/Matisse IOMMU", 0x080600, 0, reset="", bars=(), express=-1),
        port("00:01.1", "1022:1483", gpp, 1),
        port("00:01.2", "1022:1483", gpp, 2),
        port("00:03.1", "1022:1483", gpp, 3),
        port("00:03.2", "1022:1483", gpp, 6),
        port("00:07.1", "1022:1484", internal, 7),
        port("00:08.1", "1022:1484", internal, 4),
        function("00:14.0", "1022:790b", "FCH SMBus Controller", SMBUS, 5, "piix4_smbus", reset="", bars=(),
                 express=-1),
        function("00:14.3", "1022:790e", "FCH LPC Bridge", ISA, 5, reset="", bars=(), express=-1),
        *fabric,
    )  # fmt: skip


def _chipset() -> tuple[PciDesc, ...]:
    """What sits behind the chipset: one group with a card, a disk, a network port and USB in it."""
    group = CHIPSET_GROUP
    below = partial(
        port,
        ids="1022:43ea",
        name="500 Series Chipset Switch Downstream Port",
        group=group,
        parent="02:00.2",
        express=SWITCH_DOWN,
        acs=False,
    )
    on_chip = {"parent": "0000:00:01.2", "reset": "", "express": 1}
    return (
        function("02:00.0", "1022:43ee", "500 Series Chipset USB 3.1 XHCI Controller", XHCI, group, "xhci_hcd",
                 bars=(32768,), msi=8, subsystem=(0x1B21, 0x1142), **on_chip),
        function("02:00.1", "1022:43eb", "500 Series Chipset SATA Controller", SATA, group, "ahci",
                 bars=(131072,), msi=1, subsystem=(0x1B21, 0x1062), **on_chip),
        port("02:00.2", "1022:43e9", "500 Series Chipset Switch Upstream Port", group, "00:01.2", SWITCH_UP, acs=False),
        below("03:01.0"),
        below("03:04.0"),
        below("03:05.0"),
        card("04:00.0", "1002:67df", "Ellesmere [Radeon RX 470/480/570/570X/580/580X/590]", "Nitro+ Radeon RX 580",
             group, "amdgpu", "03:01.0", kind=VGA, subsystem=(0x1DA2, 0xE366), revision=0xE7, boot_vga=False,
             bars=(256 * MIB, 2 * MIB, 256 << 10), rom="uefi", link=(GEN3, 4, GEN3, 16)),
        card("04:00.1", "1002:aaf0", "Ellesmere HDMI Audio [Radeon RX 470/480 / 570/580/590]", "Nitro+ Radeon RX 580",
             group, "snd_hda_intel", "03:01.0", kind=AUDIO, subsystem=(0x1DA2, 0xAAF0), bars=(16384,),
             link=(GEN3, 4, GEN3, 16)),
        card("05:00.0", "8086:1539", "I211 Gigabit Network Connection", "", group, "igb", "03:04.0", kind=ETHERNET,
             subsystem=(0x1458, 0xE000), revision=3, bars=(131072, 16384), link=(GEN1, 1, GEN1, 1), msi=5, express=0,
             reset="flr bus", flr=True),
        card("06:00.0", "15b7:5006", "SanDisk Extreme Pro / WD Black SN750", "", group, "nvme", "03:05.0",
             kind=NVME, subsystem=(0x15B7, 0x5006), bars=(16384,), link=(GEN3, 4, GEN3, 4), msi=8, express=0,
             reset="flr bus", flr=True),
    )  # fmt: skip


def _slots() -> tuple[PciDesc, ...]:
    """What sits on the CPU's own lanes: the disk that the host runs from, its card, and the guest's."""
    gtx, rx = "GeForce GTX 970 Gaming G1", "Radeon RX 6600 Fighter"
    return (
        card("01:00.0", "144d:a808", "NVMe SSD Controller SM981/PM981/PM983", "SSD 970 EVO Plus", 13, "nvme", "00:01.1",
             kind=NVME, subsystem=(0x144D, 0xA801), bars=(16384,), link=(GEN3, 4, GEN3, 4), msi=8, express=0,
             reset="flr bus", flr=True),
        card("08:00.0", "10de:13c2", "GM204 [GeForce GTX 970]", gtx, 15, "vfio-pci", "00:03.1", kind=VGA,
             subsystem=(0x1458, 0x3679), revision=0xA1, boot_vga=False, bars=(16 * MIB, 256 * MIB, 32 * MIB),
             rom="uefi", link=(GEN1, 16, GEN3, 16)),
        card("08:00.1", "10de:0fbb", "GM204 High Definition Audio Controller", gtx, 15, "vfio-pci", "00:03.1",
             kind=AUDIO, subsystem=(0x1458, 0x3679), revision=0xA1, bars=(16384,), link=(GEN1, 16, GEN3, 16)),
        card("0b:00.0", "1002:73ff", "Navi 23 [Radeon RX 6600/6600 XT/6600M]", rx, 16, "amdgpu", "00:03.2", kind=VGA,
             rom="uefi", subsystem=(0x148C, 0x2412), revision=0xC7, boot_vga=True, bars=(8 * GIB, 256 * MIB),
             resizable={0: 0x3F00}, link=(GEN4, 8, GEN4, 8)),
        card("0b:00.1", "1002:ab28", "Navi 21/23 HDMI/DP Audio Controller", rx, 17, "snd_hda_intel", "00:03.2",
             kind=AUDIO, subsystem=(0x1002, 0xAB28), bars=(16384,), link=(GEN4, 8, GEN4, 8)),
    )  # fmt: skip


def _processor() -> tuple[PciDesc, ...]:
    """The processor's own functions behind its internal bridges."""
    inside = {"link": (GEN4, 16, GEN4, 16), "express": 0}
    return (
        card("0c:00.0", "1022:148a", "Starship/Matisse PCIe Dummy Function", "", 18, None, "00:07.1", kind=0x130000,
             bars=(), reset="bus", msi=0, **inside),
        card("0d:00.0", "1022:1485", "Starship/Matisse Reserved SPP", "", 19, None, "00:08.1", kind=0x130000, bars=(),
             msi=0, **inside),
        card("0d:00.1", "1022:1486", "Starship/Matisse Cryptographic Coprocessor PSPCPP", "", 20, "ccp", "00:08.1",
             kind=0x108000, bars=(MIB,), msi=2, **inside),
        card("0d:00.3", "1022:149c", "Matisse USB 3.0 Host Controller", "", 21, "xhci_hcd", "00:08.1", kind=XHCI,
             subsystem=(0x1458, 0x5007), bars=(MIB,), msi=8, reset="flr bus", flr=True, **inside),
        card("0d:00.4", "1022:1487", "Starship/Matisse HD Audio Controller", "", 22, "snd_hda_intel", "00:08.1",
             kind=AUDIO, subsystem=(0x1458, 0xA182), bars=(32768,), reset="flr bus", flr=True, **inside),
    )  # fmt: skip


FUNCTIONS = tuple(sorted((*_platform(), *_chipset(), *_slots(), *_processor()), key=lambda d: d.bdf))
GUEST_CARD = ("0000:08:00.0", "0000:08:00.1")
CHIPSET_CARD = ("0000:04:00.0", "0000:04:00.1")
CHIPSET_USB, CPU_USB = "0000:02:00.0", "0000:0d:00.3"
SYSTEM_DISK, CHIPSET_DISK, CHIPSET_NETWORK = "0000:01:00.0", "0000:06:00.0", "0000:05:00.0"

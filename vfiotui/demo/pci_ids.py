"""The file pci.ids of a described machine, made of the names in its description (format: the PCI ID Project)."""

from __future__ import annotations

from vfiotui.demo.description import Host, PciDesc
from vfiotui.demo.tree import TreeBuilder

PATH = "/usr/share/misc/pci.ids"
CLASSES = """C 01  Mass storage controller
\t06  SATA controller
\t08  Non-Volatile memory controller
C 02  Network controller
\t00  Ethernet controller
\t80  Network controller
C 03  Display controller
\t00  VGA compatible controller
\t02  3D controller
\t80  Display controller
C 04  Multimedia controller
\t03  Audio device
C 05  Memory controller
\t00  RAM memory
C 06  Bridge
\t00  Host bridge
\t01  ISA bridge
\t04  PCI bridge
C 08  Generic system peripheral
\t06  IOMMU
C 0c  Serial bus controller
\t03  USB controller
\t05  SMBus
\t80  Serial bus controller
C 10  Encryption controller
\t80  Encryption controller
C 13  Non-Essential Instrumentation
"""


def pci_ids(devices: tuple[PciDesc, ...]) -> str:
    """The names of some devices in the file's form; the first name of a number counts."""
    makers: dict[int, str] = {}
    names: dict[tuple[int, int], str] = {}
    boards: dict[tuple[int, int], dict[tuple[int, int], str]] = {}
    for device in devices:
        key = (device.vendor, device.device)
        if device.maker:
            makers.setdefault(device.vendor, device.maker)
        if device.name:
            names.setdefault(key, device.name)
        if device.board:
            boards.setdefault(key, {}).setdefault(device.subsystem, device.board)
    lines = []
    for vendor in sorted({v for v, _ in names} | makers.keys()):
        lines.append(f"{vendor:04x}  {makers.get(vendor, f'Vendor {vendor:04x}')}")
        for (of, number), name in sorted(names.items()):
            if of != vendor:
                continue
            lines.append(f"\t{number:04x}  {name}")
            for (sub_vendor, sub_device), board in sorted(boards.get((of, number), {}).items()):
                lines.append(f"\t\t{sub_vendor:04x} {sub_device:04x}  {board}")
    return "\n".join(lines) + "\n" + CLASSES


def build_names(tree: TreeBuilder, host: Host) -> None:
    """The file, where the description names any device; else the names of the system that looks are borrowed."""
    if any(d.name or d.maker for d in host.pci):
        tree.file(PATH, pci_ids(host.pci).encode())

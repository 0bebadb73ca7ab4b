"""Where a PCI slot hangs: at a root port of the CPU, or behind the chipset.

Slots behind the chipset share its one link, and often one IOMMU group.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.pci.functions import PciBus, PciDevice

INTEL, AMD = 0x8086, 0x1022
PCH_PORTS = range(0x1A, 0x1E)
CPU_PORTS = (0x01, 0x06)
"""Device numbers on bus 0 of Intel's root ports (Intel's datasheets of client processors and of PCHs)."""
CPU, CHIPSET = "CPU", "chipset"


def way_up(device: PciDevice, bus: PciBus) -> tuple[PciDevice, ...]:
    """The bridges above a device, the nearest first, the root port last; a loop or a gap ends the way."""
    found: list[PciDevice] = []
    above = device.parent
    while above is not None and (bridge := bus.get(above)) is not None and bridge not in found:
        found.append(bridge)
        above = bridge.parent
    return tuple(found)


def wired_to(device: PciDevice, bus: PciBus) -> Reading[str]:
    """`CPU` or `CHIPSET`; Unread where the board's kind is not one whose wiring is known.

    AMD's chipsets are PCIe switches with AMD's vendor id below a root port of the CPU; the switch inside a
    Radeon card has another one. Intel's chipsets have root ports of their own on bus 0.
    """
    way = way_up(device, bus)
    if not way:
        return Unread("no bridge above it is shown", Why.NOT_HERE)
    port = way[-1]
    if port.vendor == AMD:
        return CHIPSET if any(bridge.vendor == AMD for bridge in way[:-1]) else CPU
    number = port.bdf.rsplit(":", 1)[1].partition(".")[0]
    if port.vendor == INTEL and port.bdf.startswith("0000:00:"):
        if int(number, 16) in PCH_PORTS:
            return CHIPSET
        if int(number, 16) in CPU_PORTS:
            return CPU
    return Unread("is not known for this board", Why.NOT_HERE)

"""PCI functions of a described machine, each at its real place below its bridges."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from vfiotui.demo.build_node import node_cpus
from vfiotui.demo.config_space import config_space
from vfiotui.demo.description import Host, PciDesc
from vfiotui.demo.rom_image import card_rom
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.cpu.cpuset import format_list

BUS = "/sys/bus/pci/devices"
LARGE = 32 << 20
"""Bytes from which a BAR is built as a prefetchable one of 64 bits, which takes two registers."""
MEMORY, MEMORY_64_PREFETCH = 0x00040200, 0x0014220C
"""IORESOURCE_MEM with SIZEALIGN; with MEM_64 and PREFETCH and the type bits of the register (linux/ioport.h)."""
ROM_AT, ROM_SIZE, ROM_FLAGS = 0xFC000000, 128 << 10, 0x00046200
ROM_COPY = "0x00000000000c0000 0x00000000000dffff 0x0000000000000212"
"""IORESOURCE_ROM_SHADOW is among its flags."""
EMPTY = "0x0000000000000000 0x0000000000000000 0x0000000000000000"
LOW, HIGH = 0x90000000, 0x7C00000000
"""Where small and large BARs begin."""
FIRST_IRQ = 40
BUILTIN = ("pcieport",)
MODULES = {"xhci_hcd": "xhci_pci", "piix4_smbus": "i2c_piix4"}
"""Drivers that are not called like their module."""


def module_of(driver: str) -> str:
    """The module that holds a driver."""
    return MODULES.get(driver, driver.replace("-", "_"))


def modalias(device: PciDesc) -> str:
    """The text that modules.alias is matched against."""
    base, sub, interface = device.class_code >> 16, device.class_code >> 8 & 0xFF, device.class_code & 0xFF
    return (
        f"pci:v{device.vendor:08X}d{device.device:08X}sv{device.subsystem[0]:08X}sd{device.subsystem[1]:08X}"
        f"bc{base:02X}sc{sub:02X}i{interface:02X}"
    )


def places(host: Host) -> dict[str, str]:
    """The real path of every function."""
    by_bdf = {d.bdf: d for d in host.pci}
    found: dict[str, str] = {}

    def place(bdf: str) -> str:
        if bdf not in found:
            parent = by_bdf[bdf].parent
            above = place(parent) if parent in by_bdf else f"/sys/devices/pci{bdf[:-5]}"
            if len(parent) < len(bdf) and parent in by_bdf:
                above += f"/pci{bdf[:-5]}"  # a host bridge that VMD makes
            found[bdf] = f"{above}/{bdf}"
        return found[bdf]

    for device in host.pci:
        place(device.bdf)
    return found


def buses_below(host: Host) -> dict[str, tuple[int, int]]:
    """The first and last bus below every bridge; (0, 0) for one with nothing below it."""
    found: dict[str, tuple[int, int]] = {}
    parents = {d.bdf: d.parent for d in host.pci}
    for device in host.pci:
        bus, above = int(device.bdf[-7:-5], 16), device.parent
        while above in parents:
            first, last = found.get(above, (bus, bus))
            found[above] = (min(first, bus), max(last, bus))
            above = parents[above]
    return found


def interrupts(host: Host) -> Iterator[tuple[PciDesc, tuple[int, ...]]]:
    """The interrupt numbers of every function that uses MSI."""
    first = FIRST_IRQ
    for device in host.pci:
        yield device, tuple(range(first, first + device.msi))
        first += device.msi


class Addresses:
    """Hands out bus addresses for BARs, aligned to their size."""

    def __init__(self) -> None:
        self._next = {False: LOW, True: HIGH}

    def lines(self, bars: tuple[int, ...], rom: str = EMPTY) -> list[str]:
        """The lines of `resource` for some BARs and the ROM; a large BAR leaves the register after it empty."""
        found: list[str] = []
        for size in bars:
            large = size >= LARGE
            start = (self._next[large] + size - 1) // size * size
            self._next[large] = start + size
            flags = MEMORY_64_PREFETCH if large else MEMORY
            found.append(f"0x{start:016x} 0x{start + size - 1:016x} 0x{flags:016x}")
            if large:
                found.append(EMPTY)
        return [*found, *[EMPTY] * (6 - len(found)), rom, *[EMPTY] * 6]


def rom_line(device: PciDesc) -> str:
    """The line of `resource` for the expansion ROM; the boot display's is a copy in low memory."""
    if not device.rom:
        return EMPTY
    return ROM_COPY if device.boot_vga else f"0x{ROM_AT:016x} 0x{ROM_AT + ROM_SIZE - 1:016x} 0x{ROM_FLAGS:016x}"


def build_pci(tree: TreeBuilder, host: Host) -> None:
    """All functions with their attributes and links."""
    tree.folder(BUS)
    real = places(host)
    buses = buses_below(host)
    addresses = Addresses()
    cpus = local_cpus(host)
    for device, irqs in interrupts(host):
        folder = real[device.bdf]
        tree.link(f"{BUS}/{device.bdf}", folder)
        resources = addresses.lines(device.bars, rom_line(device))
        tree.file(f"{folder}/resource", "\n".join(resources))
        tree.file(f"{folder}/config", config_space(device, resources, buses.get(device.bdf, (0, 0))))
        _attributes(tree, device, folder, bool(irqs))
        tree.file(f"{folder}/local_cpulist", cpus[device.node if 0 <= device.node < host.nodes else -1])
        for irq in irqs:
            tree.file(f"{folder}/msi_irqs/{irq}", "msi")
        _driver(tree, device, folder)
        if device.physfn in real:
            tree.link(f"{folder}/physfn", real[device.physfn])


@cache
def _local_cpus(host_cpus: tuple[tuple[int, ...], ...]) -> dict[int, str]:
    every = {number: format_list(cpus) for number, cpus in enumerate(host_cpus)}
    return {**every, -1: format_list(c for cpus in host_cpus for c in cpus)}


def local_cpus(host: Host) -> dict[int, str]:
    """The list of CPUs near a device by its node; -1 is near to all."""
    return _local_cpus(tuple(tuple(node_cpus(host, n)) for n in range(host.nodes)))


def _attributes(tree: TreeBuilder, device: PciDesc, folder: str, msi: bool) -> None:
    event = (
        f"PCI_CLASS={device.class_code:X}\nPCI_ID={device.vendor:04X}:{device.device:04X}\n"
        f"PCI_SUBSYS_ID={device.subsystem[0]:04X}:{device.subsystem[1]:04X}\nPCI_SLOT_NAME={device.bdf}\n"
        f"MODALIAS={modalias(device)}"
    )
    tree.files(
        folder,
        vendor=f"0x{device.vendor:04x}",
        device=f"0x{device.device:04x}",
        subsystem_vendor=f"0x{device.subsystem[0]:04x}",
        subsystem_device=f"0x{device.subsystem[1]:04x}",
        revision=f"0x{device.revision:02x}",
        modalias=modalias(device),
        uevent=(f"DRIVER={device.driver}\n" if device.driver else "") + event,
        numa_node=device.node,
        driver_override=device.override or "(null)",
        power_state="unknown" if device.dead else device.power,
        d3cold_allowed=1,
        enable=int(device.driver is not None),
        irq=FIRST_IRQ - 1 if msi else 16,
    )
    tree.file(f"{folder}/class", f"0x{device.class_code:06x}")
    if device.reset:
        tree.file(f"{folder}/reset_method", device.reset)
        tree.file(f"{folder}/reset", b"", 0o200)
    if device.rom:
        tree.file(f"{folder}/rom", card_rom(device.vendor, device.device, device.rom == "uefi"), 0o600)
    if device.boot_vga is not None:
        tree.file(f"{folder}/boot_vga", int(device.boot_vga))
    if device.link:
        speed, width, max_speed, max_width = device.link
        tree.files(
            folder,
            current_link_speed=speed,
            current_link_width=width,
            max_link_speed=max_speed,
            max_link_width=max_width,
        )
    for bar, mask in device.resizable.items():
        tree.file(f"{folder}/resource{bar}_resize", f"{mask:016x}")
    if device.virtual_functions:
        tree.files(folder, sriov_totalvfs=device.virtual_functions, sriov_numvfs=0)


def _driver(tree: TreeBuilder, device: PciDesc, folder: str) -> None:
    tree.link(f"{folder}/subsystem", "/sys/bus/pci")
    if device.driver:
        driver = f"/sys/bus/pci/drivers/{device.driver}"
        tree.link(f"{folder}/driver", driver)
        tree.link(f"{driver}/{device.bdf}", folder)
        if device.driver not in BUILTIN:
            tree.link(f"{driver}/module", f"/sys/module/{module_of(device.driver)}")

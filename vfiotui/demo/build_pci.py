"""PCI functions, IOMMU groups and USB of a described machine."""

from __future__ import annotations

from vfiotui.demo.config_space import config_space
from vfiotui.demo.description import Host, PciDesc, UsbDesc
from vfiotui.demo.tree import TreeBuilder

BUS = "/sys/bus/pci/devices"
GROUPS = "/sys/kernel/iommu_groups"
MEMORY_FLAGS = 0x0014220C
"""IORESOURCE_MEM | MEM_64 | PREFETCH with the bits of a 64-bit prefetchable BAR."""


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
            found[bdf] = f"{above}/{bdf}"
        return found[bdf]

    for device in host.pci:
        place(device.bdf)
    return found


def build_pci(tree: TreeBuilder, host: Host) -> None:
    """All functions with their links, and the groups that they form."""
    tree.folder(BUS)
    tree.folder(GROUPS)
    tree.folder("/sys/class/iommu")
    real = places(host)
    start = 0xE0000000
    for device in host.pci:
        start = _device(tree, device, real[device.bdf], host, start)
    if host.iommu:
        _units(tree, host)
    for table in host.tables:
        tree.file(f"/sys/firmware/acpi/tables/{table}", _table(table))
    tree.folder("/sys/firmware/acpi/tables")


def _device(tree: TreeBuilder, device: PciDesc, folder: str, host: Host, start: int) -> int:
    tree.link(f"{BUS}/{device.bdf}", folder)
    lines = []
    for size in device.bars:
        start = (start + size - 1) // size * size
        lines.append(f"0x{start:016x} 0x{start + size - 1:016x} 0x{MEMORY_FLAGS:016x}")
        start += size
    lines += ["0x0000000000000000 0x0000000000000000 0x0000000000000000"] * (13 - len(lines))
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
        resource="\n".join(lines),
        config=config_space(device),
        numa_node=device.node,
        local_cpulist="",
        driver_override=device.override or "(null)",
        power_state=device.power,
        d3cold_allowed=1,
        enable=1,
        irq=0 if device.msi else 16,
        reset_method=device.reset,
    )
    tree.file(f"{folder}/class", f"0x{device.class_code:06x}")
    if device.reset:
        tree.file(f"{folder}/reset", b"", 0o200)
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
    for irq in range(device.msi):
        tree.file(f"{folder}/msi_irqs/{40 + hash_of(device.bdf) % 60 * 4 + irq}", "msi")
    tree.link(f"{folder}/subsystem", "/sys/bus/pci")
    if device.driver:
        tree.folder(f"/sys/bus/pci/drivers/{device.driver}")
        tree.link(f"{folder}/driver", f"/sys/bus/pci/drivers/{device.driver}")
    if device.group is not None and host.iommu:
        group = f"{GROUPS}/{device.group}"
        tree.link(f"{folder}/iommu_group", group)
        tree.link(f"{group}/devices/{device.bdf}", folder)
        tree.file(f"{group}/type", host.domain_type)
        msi = "0x00000000fee00000 0x00000000feefffff msi"
        tree.file(f"{group}/reserved_regions", host.reserved.get(device.group, msi))
    return start


def hash_of(text: str) -> int:
    """A number for a text that is the same in every run."""
    return sum(i * ord(c) for i, c in enumerate(text, 1))


def _units(tree: TreeBuilder, host: Host) -> None:
    name, attributes = ("dmar0", "intel-iommu") if host.iommu == "intel" else ("ivhd0", "amd-iommu")
    folder = f"/sys/devices/virtual/iommu/{name}"
    tree.link(f"/sys/class/iommu/{name}", folder)
    tree.file(f"{folder}/{attributes}/cap", f"{host.iommu_cap:x}")
    tree.file(f"{folder}/{attributes}/{'ecap' if host.iommu == 'intel' else 'features'}", f"{host.iommu_ecap:x}")


def _table(name: str) -> bytes:
    """A small valid DMAR or IVRS table."""
    if name == "DMAR":
        body = bytes([38, 1]) + bytes(10) + (0).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"\1\0\0\0"
        body += (0xFED90000).to_bytes(8, "little")
    else:
        body = (0x203041).to_bytes(4, "little") + bytes(8)
        body += bytes([0x11, 0xB0]) + (40).to_bytes(2, "little") + (2).to_bytes(2, "little") + bytes(34)
    table = bytearray(
        name.encode() + (36 + len(body)).to_bytes(4, "little") + b"\1\0" + b"DEMO  " + b"DEMO    " + bytes(12)
    )
    table += body
    table[9] = -sum(table) % 256
    return bytes(table)


def build_usb(tree: TreeBuilder, host: Host) -> None:
    """USB buses below their controllers, with one interface for each device."""
    real = places(host)
    tree.folder("/sys/bus/usb/devices")
    for bus, controller in sorted({(u.bus, u.controller) for u in host.usb}):
        folder = f"{real[controller]}/usb{bus}"
        tree.files(folder, busnum=bus, devnum=1, idVendor="1d6b", idProduct="0003", product="xHCI Host Controller")
        tree.link(f"/sys/bus/usb/devices/usb{bus}", folder)
    for device in host.usb:
        _usb_device(tree, device, f"{real[device.controller]}/usb{device.bus}")


def _usb_device(tree: TreeBuilder, device: UsbDesc, hub: str) -> None:
    name = f"{device.bus}-{device.port}"
    folder = f"{hub}/{name}"
    tree.files(
        folder,
        busnum=device.bus,
        devnum=2 + hash_of(device.port) % 100,
        idVendor=f"{device.vendor:04x}",
        idProduct=f"{device.product:04x}",
        product=device.name,
        speed="480",
    )
    if device.maker:
        tree.file(f"{folder}/manufacturer", device.maker)
    tree.link(f"/sys/bus/usb/devices/{name}", folder)
    interface = f"{folder}/{name}:1.0"
    tree.files(interface, bInterfaceClass=f"{device.kind:02x}", bInterfaceProtocol=f"{device.protocol:02x}")
    tree.link(f"/sys/bus/usb/devices/{name}:1.0", interface)
    if device.driver:
        tree.folder(f"/sys/bus/usb/drivers/{device.driver}")
        tree.link(f"{interface}/driver", f"/sys/bus/usb/drivers/{device.driver}")

"""A very large machine: for scale runs, never for show."""

from __future__ import annotations

from vfiotui.demo.description import CpuDesc, GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml


def scale_pci(count: int) -> tuple[PciDesc, ...]:
    """So many functions: root ports with eight functions of network cards below each, every slot a group."""
    found: list[PciDesc] = [PciDesc("0000:00:00.0", 0x8086, 0x09A2, 0x060000, 0, None, reset="", bars=())]
    bus, group = 1, 1
    while len(found) < count:
        domain, number = divmod(bus, 250)
        port = f"{domain:04x}:00:{number % 32:02x}.{number // 32 % 8}" if number else ""
        if port and port != "0000:00:00.0":
            found.append(
                PciDesc(port, 0x8086, 0x352A, 0x060400, group, "pcieport", reset="pm", bars=(), express=4, acs=True)
            )
            group += 1
        for function in range(8):
            if len(found) >= count:
                break
            display = bus % 40 == 1 and function == 0
            found.append(
                PciDesc(
                    f"{domain:04x}:{number:02x}:10.{function}",
                    0x10DE if display else 0x15B3,
                    0x20B0 if display else 0x101B,
                    0x030200 if display else 0x020000,
                    group,
                    "vfio-pci" if bus % 5 == 0 else "mlx5_core",
                    port,
                    msi=2,
                    flr=True,
                    link=("16.0 GT/s PCIe", 16, "16.0 GT/s PCIe", 16),
                )
            )
        group += 1
        bus += 1
    unique = {d.bdf: d for d in found}
    return tuple(unique[b] for b in sorted(unique))[:count]


def scale_host(devices: int = 2000) -> Host:
    """256 CPUs on two packages, 2,000 PCI functions, eight running guests of eight vCPUs."""
    cpu = CpuDesc(
        vendor="GenuineIntel",
        model="Intel(R) Xeon(R) Scale Machine",
        flags="fpu lm vmx ept pdpe1gb",
        packages=2,
        l3_per_package=4,
        cores_per_l3=16,
        threads=2,
        physical_bits=46,
    )
    guests = []
    for i in range(8):
        pins = tuple(32 + i * 8 + v for v in range(8))
        uuid = f"00000000-0000-4000-8000-{i:012x}"
        xml = guest_xml(f"guest{i}", uuid, memory_gib=16, pins=pins, emulator="0-7")
        guests.append(GuestDesc(f"guest{i}", xml, pid=50000 + 1000 * i, vcpus=8, pins=pins, emulator="0-7"))
    return Host(
        name="scale",
        cpu=cpu,
        nodes=2,
        memory_kib=1 << 30,
        pci=scale_pci(devices + 40)[:devices],
        iommu="intel",
        tables=("DMAR",),
        guests=tuple(guests),
        config="CONFIG_VFIO_PCI=m\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n",
        log="[    0.500000] DMAR-IR: Enabled IRQ remapping in x2apic mode\n",
    )

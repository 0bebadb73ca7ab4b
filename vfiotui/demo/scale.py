"""A very large machine: for scale runs, never for show."""

from __future__ import annotations

from functools import partial
from itertools import count, islice

from vfiotui.demo.description import CpuDesc, GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml

PORTS_PER_DOMAIN = 224
"""Root ports at 00:01.0 to 00:1c.7 of each PCI domain, one bus below each."""
LINK = ("16.0 GT/s PCIe", 16, "16.0 GT/s PCIe", 16)
GUESTS, VCPUS = 8, 8
UUID = "00000000-0000-4000-8000-{:012x}"


def scale_pci(functions: int) -> tuple[PciDesc, ...]:
    """So many functions: root ports, and below each a card with eight functions.

    Every fifth card belongs to guests, every tenth is a graphics card, every third gives seven virtual functions.
    """
    found: list[PciDesc] = []
    groups = count()
    for index in range(functions):
        if len(found) >= functions:
            break
        domain, number = divmod(index, PORTS_PER_DOMAIN)
        node = index % 2
        if number == 0:
            bridge = PciDesc(f"{domain:04x}:00:00.0", 0x8086, 0x09A2, 0x060000, next(groups), reset="", bars=())
            found.append(bridge)
        port = f"{domain:04x}:00:{1 + number // 8:02x}.{number % 8}"
        found.append(
            PciDesc(port, 0x8086, 0x352A, 0x060400, next(groups), "pcieport", reset="pm", bars=(), express=4, acs=True)
        )
        slot = f"{domain:04x}:{1 + number:02x}:00"
        found += _display(slot, port, next(groups), node) if index % 10 == 9 else _network(slot, port, index, groups)
    return tuple(sorted(found[:functions], key=lambda d: d.bdf))


def _display(slot: str, port: str, group: int, node: int) -> list[PciDesc]:
    card = partial(
        PciDesc, group=group, driver="vfio-pci", parent=port, reset="flr bus", link=LINK, node=node, msi=1, flr=True
    )
    return [
        card(f"{slot}.0", 0x10DE, 0x20B0, 0x030200, bars=(16 << 20, 64 << 30)),
        card(f"{slot}.1", 0x10DE, 0x1AEF, 0x040300, bars=(16384,)),
    ]


def _network(slot: str, port: str, index: int, groups: count[int]) -> list[PciDesc]:
    virtual = index % 3 == 0
    given = index % 5 == 0
    group = next(groups)
    found = []
    for function in range(8):
        if virtual and function:
            group = next(groups)
        found.append(
            PciDesc(
                f"{slot}.{function}",
                0x15B3,
                0x101E if virtual and function else 0x101D,
                0x020000,
                group,
                "vfio-pci" if given else "mlx5_core",
                port,
                bars=(65536,),
                link=LINK,
                node=index % 2,
                msi=1,
                flr=True,
                physfn=f"{slot}.0" if virtual and function else "",
                virtual_functions=7 if virtual and not function else 0,
            )
        )
    return found


def scale_host(devices: int = 2000) -> Host:
    """256 CPUs in two packages of four level 3 domains, so many PCI functions, eight running guests."""
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
    for i, first in enumerate(islice(count(32, VCPUS), GUESTS)):
        pins = tuple(range(first, first + VCPUS))
        xml = guest_xml(f"guest{i}", UUID.format(i), memory_gib=16, pins=pins, emulator="0-7")
        guests.append(GuestDesc(f"guest{i}", xml, pid=50000 + 1000 * i, vcpus=VCPUS, pins=pins, emulator="0-7"))
    return Host(
        name="scale",
        cpu=cpu,
        nodes=2,
        memory_kib=1 << 30,
        huge_1g=(256, 128),
        pci=scale_pci(devices),
        iommu="intel",
        tables=("DMAR",),
        guests=tuple(guests),
        config="CONFIG_VFIO_PCI=m\nCONFIG_INTEL_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n",
        modules=("vfio_pci", "vfio_iommu_type1", "kvm_intel", "kvm"),
        log="[    0.500000] DMAR-IR: Enabled IRQ remapping in x2apic mode\n",
    )

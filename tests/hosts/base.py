"""What the machines of the tests are made of: one with nothing wrong, and its parts."""

from __future__ import annotations

from dataclasses import replace

from vfiotui.demo.description import CpuDesc, GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower import DESCRIPTOR, DESCRIPTOR_PATH

WORDS = "root=/dev/nvme0n1p2 ro quiet"
MIB = 1 << 20


def gpu(bdf: str, group: int, **changes: object) -> PciDesc:
    """A graphics card with everything in order."""
    base = PciDesc(
        bdf,
        0x10DE,
        0x13C2,
        0x030000,
        group,
        "nouveau",
        "0000:00:01.0",
        boot_vga=False,
        rom="uefi",
        bars=(16 * MIB,),
        link=("8.0 GT/s PCIe", 16, "8.0 GT/s PCIe", 16),
        msi=1,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


BRIDGE = PciDesc("0000:00:01.0", 0x8086, 0x1901, 0x060400, 1, "pcieport", reset="pm", bars=(), express=4, acs=True)
AUDIO = PciDesc("0000:01:00.1", 0x10DE, 0x0FBB, 0x040300, 2, "vfio-pci", "0000:00:01.0", msi=1)
IGPU = PciDesc("0000:00:02.0", 0x8086, 0x3E92, 0x030000, 3, "i915", boot_vga=True, bars=(16 * MIB,), msi=1)

TUNED = GuestDesc(
    "tuned",
    guest_xml("tuned", "00000000-0000-4000-8000-000000000001", memory_gib=8, pins=(2, 6), emulator="0,4", threads=2),
    pid=100,
    vcpus=2,
    pins=(2, 6),
    emulator="0,4",
)

CLEAN = Host(
    name="clean",
    cpu=CpuDesc(l3_per_package=1, cores_per_l3=4),
    pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci"), AUDIO),
    guests=(TUNED,),
    cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS}",
    default_cmdline="quiet",
    files={
        "/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,10de:0fbb\n",
        DESCRIPTOR_PATH: DESCRIPTOR,
    },
)
"""Nothing is wrong with it."""

INTEL = replace(
    CLEAN,
    name="intel",
    cpu=CpuDesc("GenuineIntel", "Intel Core", "fpu lm vmx", 39, l3_per_package=1, cores_per_l3=4),
    iommu="intel",
    tables=("DMAR",),
    log="DMAR-IR: Enabled IRQ remapping\n",
)


def guest(name: str, pins: tuple[int, ...], pid: int, **more: str) -> GuestDesc:
    """A running guest with pins."""
    xml = guest_xml(name, f"00000000-0000-4000-8000-{pid:012x}", memory_gib=4, pins=pins, **more)
    return GuestDesc(name, xml, pid=pid, vcpus=len(pins), pins=pins)

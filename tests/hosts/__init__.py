"""Machines described in a few lines each; rules name the one on which they fire and one on which they are silent."""

from __future__ import annotations

from dataclasses import replace

from vfiotui.demo.description import CpuDesc, GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower import TOWER

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
    guest_xml("tuned", "00000000-0000-4000-8000-000000000001", memory_gib=8, pins=(4, 5), emulator="0-1"),
    pid=100,
    vcpus=2,
    pins=(4, 5),
)

CLEAN = Host(
    name="clean",
    cpu=CpuDesc(l3_per_package=1, cores_per_l3=4),
    pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci"), AUDIO),
    guests=(TUNED,),
    cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS}",
    default_cmdline="quiet",
    files={"/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,10de:0fbb\n"},
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

PINS = "isolcpus=4-7 nohz_full=4-7 rcu_nocbs=4-7"


def guest(name: str, pins: tuple[int, ...], pid: int, **more: str) -> GuestDesc:
    """A running guest with pins."""
    xml = guest_xml(name, f"00000000-0000-4000-8000-{pid:012x}", memory_gib=4, pins=pins, **more)
    return GuestDesc(name, xml, pid=pid, vcpus=len(pins), pins=pins)


HOSTS: dict[str, Host] = {
    "tower": TOWER,
    "clean": CLEAN,
    "intel": INTEL,
    "no-virt": replace(CLEAN, cpu=replace(CLEAN.cpu, flags="fpu lm"), kvm=False),
    "iommu-off": replace(
        CLEAN,
        iommu="",
        tables=(),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} amd_iommu=off",
        default_cmdline="quiet amd_iommu=off",
    ),
    "intel-default-off": replace(
        INTEL, config="CONFIG_VFIO_PCI=m\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n", iommu_ecap=0xF050D2
    ),
    "intel-on": replace(
        INTEL, cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} intel_iommu=on", default_cmdline="quiet intel_iommu=on"
    ),
    "bad-firmware": replace(
        INTEL,
        cpu=replace(INTEL.cpu, physical_bits=46),
        reserved={2: "0x00000000000c0000 0x00000000000dffff direct"},
    ),
    "split-slot": replace(CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2), replace(AUDIO, group=9))),
    "half-bound": replace(
        CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci"), replace(AUDIO, driver="snd_hda_intel"))
    ),
    "same-id": replace(
        CLEAN,
        pci=(
            BRIDGE,
            replace(BRIDGE, bdf="0000:00:01.1", group=5),
            gpu("0000:01:00.0", 2, driver="vfio-pci"),
            AUDIO,
            gpu("0000:02:00.0", 6, parent="0000:00:01.1", boot_vga=True),
        ),
        builtin=("kernel/drivers/vfio/pci/vfio-pci.ko",),
    ),
    "weak-reset": replace(
        CLEAN,
        pci=(
            BRIDGE,
            IGPU,
            gpu(
                "0000:01:00.0",
                2,
                driver="vfio-pci",
                reset="",
                power="D3cold",
                link=("8.0 GT/s PCIe", 4, "8.0 GT/s PCIe", 16),
            ),
            replace(AUDIO, reset=""),
            PciDesc("0000:01:01.0", 0x8086, 0x1539, 0x020000, 7, "igb", "0000:00:01.0"),
        ),
    ),
    "dead-card": replace(CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, dead=True))),
    "bad-pins": replace(
        CLEAN,
        cpu=replace(CLEAN.cpu, offline=frozenset({7})),
        guests=(
            guest("one", (4, 5), 200),
            guest("two", (5, 7), 300),
            GuestDesc(
                "sound",
                guest_xml(
                    "sound",
                    "00000000-0000-4000-8000-00000000ffff",
                    memory_gib=1,
                    extra="<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                    "<qemu:env name='QEMU_AUDIO_DRV' value='pa'/></qemu:commandline>",
                ),
            ),
        ),
    ),
    "isolated": replace(
        CLEAN,
        cpu=replace(CLEAN.cpu, isolated="3,4-7", nohz_full="4-7"),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} {PINS}",
        default_cmdline=f"quiet {PINS}",
    ),
    "starved": replace(CLEAN, cpu=replace(CLEAN.cpu, isolated="0-6")),
    "pending": replace(CLEAN, default_cmdline="quiet hugepages=16"),
    "old-advice": replace(
        CLEAN,
        domain_type="identity",
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} iommu=pt transparent_hugepage=never kvm-amd.npt=0 video=efifb:off",
        default_cmdline="quiet iommu=pt transparent_hugepage=never kvm-amd.npt=0 video=efifb:off",
        files={
            "/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,8086:1901\n"
            "options vfio_iommu_type1 allow_unsafe_interrupts=1\n",
            "/usr/local/bin/start-vm": "#!/bin/sh\nchrt -r 1 taskset -c 4-7 qemu-system-x86_64 -enable-kvm\n",
        },
    ),
}

"""Machines for the first checks: virtualisation, IOMMU, groups, reset, pins, old advice."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, INTEL, WORDS, gpu, guest
from vfiotui.demo.description import GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower import TOWER

PINS = "isolcpus=4-7 nohz_full=4-7 rcu_nocbs=4-7"

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
        INTEL,
        config="CONFIG_VFIO_PCI=m\nCONFIG_INTEL_IOMMU=y\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n",
        iommu_ecap=0xF050D2,
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
    # The second vCPU runs elsewhere than its pin says.
    "moved-threads": replace(CLEAN, guests=(replace(guest("moved", (4, 5), 200), pins=(4, 2)),)),
    "isolated": replace(
        CLEAN,
        cpu=replace(CLEAN.cpu, isolated="3,4-7", nohz_full="4-7"),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} {PINS}",
        default_cmdline=f"quiet {PINS}",
    ),
    "starved": replace(
        CLEAN,
        cpu=replace(CLEAN.cpu, isolated="0-6"),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} isolcpus=0-6",
        default_cmdline="quiet isolcpus=0-6",
    ),
    "pending": replace(CLEAN, default_cmdline="quiet hugepages=16"),
    "stale-menu": replace(
        CLEAN,
        default_cmdline="quiet hugepages=16",
        menu_cmdline="quiet",
        files={**CLEAN.files, "/usr/sbin/update-grub": "#!/bin/sh\n"},
    ),
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

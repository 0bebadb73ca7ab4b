"""Machines with words, lines and files that their reader passes over or takes otherwise than they were meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.hosts.base import CLEAN, WORDS
from vfiotui.demo.description import Host

VFIO_CONF = "/etc/modprobe.d/vfio.conf"
GRUB = "/etc/default/grub"
PAIR = "10de:13c2,10de:0fbb"
DRACUT = ("/etc/initramfs-tools", "/usr/sbin/update-initramfs")


def of(files: Mapping[str, str], remove: tuple[str, ...] = ()) -> Host:
    """The clean host with these files instead of its ids."""
    kept = {p: t for p, t in CLEAN.files.items() if p != VFIO_CONF}
    return replace(CLEAN, files={**kept, **files}, remove=(*CLEAN.remove, *remove))


def booted(words: str, grub: str = "") -> Host:
    """The clean host with these words, running and configured."""
    line = f'GRUB_CMDLINE_LINUX_DEFAULT="quiet {grub or words}"\n'
    return replace(of({GRUB: line}), cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} {words}", menu_cmdline=f"quiet {words}")


ENTRY = "title Arch\nversion 6.12.9-amd64\nlinux /vmlinuz\ninitrd /initrd.img\noptions root=UUID=1 rw quiet\n"
HOSTS: dict[str, Host] = {
    "misspelt-verb": of({VFIO_CONF: f"option vfio-pci ids={PAIR}\n"}),
    "joined-line": of({VFIO_CONF: f"#\\\noptions vfio-pci ids={PAIR}\nsoftdep nouveau pre: vfio-pci\n"}),
    "softdep-sides": of(
        {VFIO_CONF: f"options vfio-pci ids={PAIR}\nsoftdep nouveau vfio-pci\nsoftdep snd_hda_intel post: vfio-pci\n"}
    ),
    "torn-ids": of({VFIO_CONF: "options vfio-pci ids = 10de:13c2, 10de:0fbb\n"}),
    "two-id-lines": of({VFIO_CONF: "options vfio-pci ids=10de:13c2\noptions vfio-pci ids=10de:0fbb\n"}),
    "crowded-lists": of(
        {
            "/etc/modules": f"vfio\nvfio_pci ids={PAIR}\n",
            "/etc/initramfs-tools/modules": "softdep nouveau pre: vfio_pci\nvfio vfio_iommu_type1 vfio_pci\n",
        }
    ),
    "dracut-words": of(
        {"/usr/bin/dracut": "\x7fELF", "/etc/dracut.conf.d/gpu.conf": 'add_drivers+="vfio vfio_pci"\nhostonly="yes"\n'},
        DRACUT,
    ),
    "odd-module": of(
        {
            "/etc/initramfs-tools/modules": "vfio_pci\nvfio_virtqfd\nvfio_iomu_type1\n",
            VFIO_CONF: f"options vfio-pci ids={PAIR}\n",
        }
    ),
    "grub-misspelt": of({GRUB: 'GRUB_CMDLINE_LINUX_DEFUALT="quiet iommu=pt"\nGRUB_CMDLINE_LINUX=""\n'}),
    "grub-unquoted": of({GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT=quiet iommu=pt\nGRUB_CMDLINE_LINUX=""\n'}),
    "grub-broken-line": of(
        {GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet\nintel_iommu=on iommu=pt"\nGRUB_CMDLINE_LINUX=""\n'}
    ),
    "without-suffix": of({"/etc/modprobe.d/vfio": f"options vfio-pci ids={PAIR}\n", "/etc/modprobe.d/old.bak": "x\n"}),
    "driverctl-gone": of({"/etc/driverctl.d/pci-0000:05:00.0": "vfio-pci\n"}),
    "cmdline-misspelt": booted(f"vfio-pci:ids={PAIR} intel_iomu=on"),
    "cmdline-bare": booted("allow_unsafe_interrupts=1"),
    "cmdline-torn": booted("vfio-pci.ids=10de:13c2, 10de:0fbb"),
    "video-joined": booted("video=vesafb:off,efifb:off,simplefb:off"),
    "second-line": of(
        {
            "/etc/kernel/proxmox-boot-uuids": "ABCD-1234\n",
            "/etc/kernel/cmdline": f"root=ZFS=rpool/ROOT/pve-1 boot=zfs\niommu=pt vfio-pci.ids={PAIR}\n",
            "/usr/sbin/proxmox-boot-tool": "#!/bin/sh\n",
        }
    ),
    "wrong-file": replace(
        of(
            {
                "/boot/loader/loader.conf": "timeout 3\n",
                "/boot/loader/entries/arch.conf": ENTRY,
                GRUB: f'GRUB_CMDLINE_LINUX="iommu=pt vfio-pci.ids={PAIR}"\n',
                "/etc/kernel/uki.conf": "[UKI]\nCmdline=root=UUID=1 rw iommu=pt\n",
            },
            ("/boot/grub",),
        ),
        cmdline="initrd=\\initrd.img root=UUID=1 rw quiet",
    ),
}
"""Their words are those that the checks are about; what else is wrong with them follows from it."""

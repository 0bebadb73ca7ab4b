"""Machines whose files are wrong: boot chain, modules, libvirt, hooks; and what their kernels said of it."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.model.pci.selection import FILE, Chosen, to_json

CARD = "0000:01:00.0"
VFIO_CONF = "/etc/modprobe.d/vfio.conf"
IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
CHOSEN = (
    Chosen(CARD, "10de", "13c2", "1458", "0001", f"0000:00:01.0/{CARD}", "ids"),
    Chosen("0000:01:00.1", "10de", "0fbb", "1458", "0001", "0000:00:01.0/0000:01:00.1", "ids"),
)
"""The card of the clean host and its sound, as they are stored."""
TROUBLE = f"""\
[    0.4] DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x7f000 [fault reason 0x06] PTE Read access
[    0.5] AMD-Vi: Completion-Wait loop timed out
[    0.6] AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0xfffffffdf8000000 flags=0x0008]
[    9.1] vfio-pci {CARD}: BAR 1: can't reserve [mem 0xc0000000-0xcfffffff 64bit pref]
[    9.2] vfio-pci {CARD}: not ready 65535ms after FLR; giving up
[    9.3] pcieport 0000:00:01.0: AER: Corrected error message received from {CARD}
[    9.4] vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param
[    9.5] NVRM: GPU at PCI:0000:01:00: GPU has fallen off the bus.
[    9.6] x86/split lock detection: #AC: CPU 0/KVM/4711 took a split_lock trap at address: 0x7ff
[    9.7] audit: apparmor="DENIED" operation="open" profile="libvirt-1" name="/home/u/gpu.rom" comm="qemu-system-x86"
[   10.1] watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [CPU 0/KVM:4711]
"""


def with_disk(path: str) -> GuestDesc:
    """A guest with an image."""
    return GuestDesc(
        "disk", guest_xml("disk", "00000000-0000-4000-8000-0000000000cc", memory_gib=2, pins=(4, 5), disk=path)
    )


HOSTS: dict[str, Host] = {
    "bad-log": replace(CLEAN, log=CLEAN.log + TROUBLE, last_log=TROUBLE),
    "old-guide": replace(
        CLEAN,
        files={
            VFIO_CONF: IDS + "install vfio-pci /usr/local/bin/vfio-pci-override.sh\n",
            "/etc/defaults/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet amd_iommu=on"\n',
            "/usr/local/bin/vm": "#!/bin/sh\nsshpass -p hunter2 ssh root@host qemu-system-x86_64\n",
        },
    ),
    "locked": replace(
        CLEAN,
        secure_boot=True,
        lockdown="integrity",
        files={**CLEAN.files, "/etc/modules-load.d/kvmfr.conf": "kvmfr\n"},
    ),
    "odd-qemu-conf": replace(
        CLEAN,
        config=f"{CLEAN.config}# CONFIG_SCHED_CORE is not set\n",
        files={
            **CLEAN.files,
            "/etc/libvirt/qemu.conf": 'user = "root"\nsched_core = "vcpus"\nsecurity_driver = "none"\n',
        },
    ),
    "ghost-qemu-user": replace(
        CLEAN, files={**CLEAN.files, "/etc/libvirt/qemu.conf": 'user = "nobody-here"\ngroup = "kvm"\n'}
    ),
    "outsider": replace(CLEAN, user=1001, users=(*CLEAN.users, "guest:x:1001:1001")),
    "insider": replace(CLEAN, user=1000),
    "home-images": replace(
        CLEAN,
        guests=(with_disk("/home/user/images/win.iso"),),
        modes={"/home/user": 0o700},
        files={**CLEAN.files, "/usr/bin/setfacl": b"\x7fELF", "/home/user/images/win.iso": ""},
    ),
    "bad-hooks": replace(
        CLEAN, files={**CLEAN.files, "/etc/libvirt/hooks/qemu": "#!/bin/sh\n# virsh is fine here\nvirsh nodedev-list\n"}
    ),
    "chosen-card": replace(CLEAN, files={**CLEAN.files, FILE: to_json(CHOSEN)}),
    "moved-card": replace(
        CLEAN,
        files={**CLEAN.files, FILE: to_json(tuple(replace(c, bdf=c.bdf.replace(":01:", ":04:")) for c in CHOSEN))},
    ),
    "lost-race": replace(
        CLEAN,
        pci=(BRIDGE, IGPU, gpu(CARD, 2), replace(AUDIO, driver="snd_hda_intel", override="vfio-pci")),
        files={VFIO_CONF: IDS + "softdep snd_hda_intel pre: vfio-pci\n"},
    ),
    "odd-ids": replace(CLEAN, files={VFIO_CONF: "options vfio-pci ids=8086:37c8\n"}),
    "stale-image": replace(CLEAN, built=-600.0),
    "blacklisted": replace(CLEAN, files={**CLEAN.files, "/etc/modprobe.d/bad.conf": "blacklist i915\n"}),
    "booster": replace(
        CLEAN,
        files={
            VFIO_CONF: IDS + "softdep nouveau pre: vfio-pci\n",
            "/usr/bin/booster": b"\x7fELF",
            "/etc/booster.yaml": "compression: zstd\n",
        },
        remove=("/etc/initramfs-tools", "/usr/sbin/update-initramfs"),
    ),
    "same-id-softdep": replace(
        CLEAN,
        builtin=(*CLEAN.builtin, "kernel/drivers/gpu/drm/nouveau/nouveau.ko"),
        files={VFIO_CONF: IDS + "softdep nouveau pre: vfio-pci\n"},
    ),
}

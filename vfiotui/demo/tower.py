"""The demo machine: an AM4 desktop with three graphics cards, one bad group and a guest that plays.

Its EFI firmware is as the package ovmf brings it; the images themselves are left out.
"""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc, Host, MountDesc, NetDesc, ProcessDesc, UsbDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower_pci import (
    CHIPSET_CARD,
    CHIPSET_DISK,
    CHIPSET_NETWORK,
    CHIPSET_USB,
    CPU_USB,
    FUNCTIONS,
    GUEST_CARD,
    SYSTEM_DISK,
)

DESCRIPTOR_PATH = "/usr/share/qemu/firmware/60-edk2-x86_64.json"
DESCRIPTOR = """{
    "description": "UEFI firmware for x86_64",
    "interface-types": ["uefi"],
    "mapping": {
        "device": "flash",
        "executable": {"filename": "/usr/share/OVMF/OVMF_CODE_4M.fd", "format": "raw"},
        "nvram-template": {"filename": "/usr/share/OVMF/OVMF_VARS_4M.fd", "format": "raw"}
    },
    "targets": [{"architecture": "x86_64", "machines": ["pc-i440fx-*", "pc-q35-*"]}],
    "features": ["acpi-s3"],
    "tags": []
}
"""
"""Written after the form of docs/interop/firmware.json of QEMU."""


WIN_PINS = (6, 18, 7, 19, 8, 20, 9, 21)
"""Four whole cores of the second level 3 domain."""
HOST_CPUS = "2-3"
WIN_DISK = "/dev/disk/by-id/nvme-WDS500G3X0C_DEMO-part3"
MACOS_UUID, ARCH_UUID = "7c1e9a52-88a1-4f7b-a0c3-5d6e7f8091a2", "11d0c8b4-2f3e-4d5c-8b6a-797887a6b5c4"
HID, KEYBOARD, MOUSE, SOUND, WIRELESS = 3, 1, 2, 1, 0xE0

USB = (
    UsbDesc(CHIPSET_USB, 1, "4", 0x046D, 0xC31C, "Keyboard K120", "Logitech", HID, KEYBOARD, "usbhid"),
    UsbDesc(CHIPSET_USB, 1, "5", 0x1532, 0x0037, "DeathAdder 2013", "Razer", HID, MOUSE, "usbhid"),
    UsbDesc(CHIPSET_USB, 1, "9", 0x8087, 0x0029, "AX200 Bluetooth", "Intel Corp.", WIRELESS, 1, "btusb"),
    UsbDesc(CPU_USB, 3, "1", 0x045E, 0x02EA, "Xbox One S Controller", "Microsoft", 0xFF, 0, "xpad"),
    UsbDesc(CPU_USB, 3, "2", 0x0951, 0x16A4, "HyperX Cloud II", "Kingston", SOUND, 0, "snd-usb-audio"),
)

WIN10 = GuestDesc(
    "win10",
    guest_xml(
        "win10",
        "3b2d6f0e-4c5a-4a7e-9d2b-0f1e2d3c4b5a",
        memory_gib=16,
        pins=WIN_PINS,
        emulator=HOST_CPUS,
        iothread=HOST_CPUS,
        hostdevs=GUEST_CARD,
        huge=True,
        threads=2,
        windows=True,
        disk=WIN_DISK,
    ),
    pid=4242,
    vcpus=len(WIN_PINS),
    pins=WIN_PINS,
    emulator=HOST_CPUS,
    iothreads=1,
    memory_kib=16 << 20,
)
MACOS = GuestDesc(
    "macos",
    guest_xml(
        "macos",
        MACOS_UUID,
        memory_gib=8,
        pins=(10, 22, 11, 23),
        hostdevs=CHIPSET_CARD,
        threads=2,
    ),
)
ARCH = GuestDesc("arch-test", guest_xml("arch-test", ARCH_UUID, memory_gib=4, vcpus=4))

WORDS = "quiet amd_iommu=on iommu=pt default_hugepagesz=2M hugepages=8192"

TOWER = Host(
    name="tower",
    memory_kib=64 << 20,
    huge_2m=(8192, 0),
    pci=FUNCTIONS,
    usb=USB,
    guests=(WIN10, MACOS, ARCH),
    cmdline=f"BOOT_IMAGE=/vmlinuz-6.12.9-amd64 root=/dev/nvme0n1p2 ro {WORDS}",
    default_cmdline=WORDS,
    modules=("vfio_pci", "vfio_pci_core", "vfio_iommu_type1", "vfio", "kvm_amd", "kvm"),
    domain_type="identity",
    mounts=(
        MountDesc(SYSTEM_DISK, "nvme0n1p2", "/"),
        MountDesc(SYSTEM_DISK, "nvme0n1p1", "/boot/efi"),
        MountDesc(CHIPSET_DISK, "nvme1n1p1", "/srv/games"),
    ),
    networks=(NetDesc(CHIPSET_NETWORK, "enp5s0", default=True, bridge="br0", ssh_from="192.0.2.77"),),
    consoles=("(S) dummy device", "(M) frame buffer device"),
    processes=(ProcessDesc(1480, "kwin_wayland", ("/dev/dri/card0", "/dev/dri/card1")),),
    enabled=("ssh", "irqbalance"),
    files={
        "/etc/modprobe.d/vfio.conf": "options vfio-pci ids=10de:13c2,10de:0fbb\nsoftdep nouveau pre: vfio-pci\n",
        "/etc/initramfs-tools/modules": "vfio\nvfio_iommu_type1\nvfio_pci\nvfio_virqfd\n",
        "/etc/libvirt/qemu.conf": '#user = "root"\n',
        "/etc/modules-load.d/modules.conf": "vhost_net\n",
        "/etc/sysctl.d/99-hugepages.conf": "vm.nr_hugepages = 8192\n",
        WIN_DISK: "",
        DESCRIPTOR_PATH: DESCRIPTOR,
        **{f"/var/lib/libvirt/images/{uuid}.qcow2": "" for uuid in (MACOS_UUID, ARCH_UUID)},
    },
    log=(
        "[    0.412345] AMD-Vi: Interrupt remapping enabled\n"
        "[    0.423456] AMD-Vi: Unknown option - 'on'\n"
        "[    5.001122] vfio-pci 0000:08:00.0: vgaarb: VGA decodes changed: olddecodes=io+mem,decodes=none\n"
        "[  812.330907] vfio-pci 0000:08:00.0: enabling device (0000 -> 0003)\n"
    ),
)

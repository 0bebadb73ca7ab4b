"""Machines whose guests are described well or badly."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, INTEL, gpu, guest
from tests.hosts.guest_texts import changed, without
from vfiotui.demo.description import CpuDesc, GuestDesc, Host, PciDesc, UsbDesc
from vfiotui.demo.rom_image import card_rom

CARD = "0000:01:00.0"
XHCI = PciDesc("0000:00:14.0", 0x8086, 0xA36D, 0x0C0330, 4, "xhci_hcd", bars=(65536,), msi=1)
MOUSE = UsbDesc(XHCI.bdf, 1, "4", 0x1532, 0x0037, "DeathAdder", "Razer", 3, 2, "usbhid")
FILES: dict[str, str | bytes] = {
    **CLEAN.files,
    "/usr/share/OVMF/OVMF_CODE_4M.fd": bytes(3653632),
    "/usr/share/OVMF/OVMF_VARS_4M.fd": bytes(540672),
    "/usr/share/vgabios/card.rom": card_rom(0x10DE, 0x13C2),
    "/var/lib/libvirt/images/win.qcow2": "QFI",
    "/var/lib/libvirt/qemu/nvram/README": "",
    "/dev/disk/by-id/ata-games": "",
    "/proc/mounts": "/dev/nvme0n1p2 / ext4 rw 0 0\n",
}
FINE_HOST = replace(
    CLEAN,
    name="guest-fine",
    pci=(BRIDGE, IGPU, gpu(CARD, 2, driver="vfio-pci"), AUDIO, XHCI),
    usb=(MOUSE,),
    huge_2m=(4096, 4096),
    guests=(changed(),),
    files=FILES,
)
"""Its guest has a card and all that belongs to it."""


def host(*guests: GuestDesc, **changes: object) -> Host:
    """The fine host with other guests."""
    return replace(FINE_HOST, guests=guests, **changes)  # type: ignore[arg-type]


OLD = changed(
    (" firmware='efi'", ""),
    ("machine='pc-q35-9.2'", "machine='pc-i440fx-2.9'"),
    ("<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>", ""),
    ("<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/win_VARS.fd</nvram>", ""),
    ("mode='host-passthrough'", "mode='custom'"),
    ("sockets='1' dies='1' cores='2' threads='2'", "sockets='8' dies='1' cores='1' threads='1'"),
    ("<relaxed state='on'/><vapic state='on'/>", ""),
    ("<timer name='hpet' present='no'/><timer name='hypervclock' present='yes'/>", ""),
    ("<memballoon model='none'/>", ""),
    ("<model type='none'/>", "<model type='qxl'/>"),
    name="old",
)
SWITCH = (
    PciDesc("0000:00:03.0", 0x8086, 0x1905, 0x060400, 7, "pcieport", bars=(), express=4, acs=True),
    PciDesc("0000:02:00.0", 0x104C, 0x8232, 0x060400, 7, "pcieport", "0000:00:03.0", bars=(), express=5),
    PciDesc("0000:03:00.0", 0x104C, 0x8233, 0x060400, 7, "pcieport", "0000:02:00.0", bars=(), express=6),
    PciDesc("0000:04:00.0", 0x8086, 0x1539, 0x020000, 7, "igb", "0000:03:00.0", msi=1),
)
AT_ONE = "bus='0x01' slot='0x00' function='0x1'/></source>"
DEVICES = (
    changed((AT_ONE, AT_ONE.replace("0x01", "0x0b")), ("<rom file='/usr/share/vgabios/card.rom'/>", ""), name="gone"),
    changed((AT_ONE, "bus='0' slot='01' function='0'/></source>"), ("card.rom", "other.rom"), name="bridge"),
    changed(
        (AT_ONE, AT_ONE.replace("0x01", "4").replace("'0x1'", "'0'")),
        ("<rom file='/usr/share/vgabios/card.rom'/>", "<driver iommufd='yes'/><rom bar='off'/>"),
        ("bus='0x06' slot='0x00' function='0x1'", "bus='0x06' slot='0x02' function='0x0'"),
        ("managed='yes'", "managed='no'"),
        name="switch",
    ),
    changed(("bus='0x06' slot='0x00' function='0x1'", "bus='0x07' slot='0x00' function='0x0'"), name="apart"),
)
DISKS = (
    changed(
        ("cache='none' io='native' iothread='1'", "cache='writeback' io='native'"),
        ("/var/lib/libvirt/images/win.qcow2", "/var/lib/libvirt/images/gone.qcow2"),
        ("dev='vda' bus='virtio'", "dev='sda' bus='sata'"),
        ("cache='none' io='native' discard='unmap'", "cache='writethrough'"),
        ("/dev/disk/by-id/ata-games", "/dev/sdb"),
        name="disks",
    ),
)
QEMU_ARGS = (
    "<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='ivshmem-plain,id=shmem0,memdev=glass'/>"
    "<qemu:arg value='-cpu'/><qemu:arg value='host,kvm=off'/><qemu:arg value='-drive'/>"
    "<qemu:arg value='if=pflash,format=raw,readonly,file=/x'/></qemu:commandline><commandline/></domain>"
)
GLASS = (
    "<shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>16</size></shmem>"
    "<audio id='1' type='pipewire'/><audio id='2' type='pulseaudio' serverName='/srv/pulse/native'/></devices>"
    '<qemu:commandline><qemu:arg value=\'-object\'/><qemu:arg value=\'{"qom-type":"memory-backend-file",'
    '"id":"glass","mem-path":"/dev/kvmfr0","size":67108864,"share":true}\'/></qemu:commandline></domain>'
)
USB = (
    changed(
        ("<vendor id='0x1532'/><product id='0x0037'/>", "<vendor id='0x046d'/><product id='0xc31c'/>"),
        ("/dev/input/by-id/usb-Logitech-event-kbd", "/dev/input/event4"),
        name="absent",
    ),
    changed(name="twins"),
    changed(("<vendor id='0x1532'/><product id='0x0037'/>", "<address bus='1' device='2'/>"), name="numbered"),
)
PINS_ON = "<vcpupin vcpu='2' cpuset='2'/><vcpupin vcpu='3' cpuset='6'/>"
BAD_PINS = (
    changed(
        (PINS_ON, "<vcpupin vcpu='2' cpuset='0'/><vcpupin vcpu='9' cpuset='3,7'/>"),
        ("<vcpupin vcpu='1' cpuset='5'/>", "<vcpupin vcpu='1' cpuset='2'/>"),
        ("<iothreads>1</iothreads>", "<iothreads>2</iothreads>"),
        ("<iothreadpin iothread='1' cpuset='0,4'/>", "<iothreadpin iothread='5' cpuset='1'/>"),
        ("</cputune>", "<vcpusched vcpus='0-3' scheduler='fifo' priority='9'/></cputune>"),
        name="torn",
    ),
)
MEMORY = (
    changed(("<memory unit='GiB'>4</memory>", "<memory unit='GiB'>20</memory>"), name="large"),
    changed(("<hugepages/>", "<hugepages><page size='16' unit='M'/></hugepages>"), name="odd-size"),
    changed(("<memory unit='GiB'>4</memory>", "<memory unit='KiB'>4194305</memory>"), name="rest"),
    changed(
        ("<hugepages/><nosharepages/>", "<locked/>"), ("<memory unit='GiB'>4</memory>", "<memory unit='T'>1</memory>")
    ),
    changed(("<hugepages/><nosharepages/>", "<source type='memfd'/><access mode='shared'/>"), name="shared"),
)
WINDOWS = (
    without("<synic state='on'/>", "<timer name='hypervclock' present='yes'/>", name="needs"),
    changed(
        ("<ipi state='on'/>", "<ipi state='on'/><evmcs state='on'/><vendor_id state='on' value='0123456789abc'/>"),
        ("<acpi/>", "<acpi/><kvm><hidden state='on'/></kvm>"),
        ("<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>", ""),
        name="hides",
    ),
)
HYBRID = CpuDesc(
    "GenuineIntel",
    "Intel Core",
    "fpu lm vmx",
    46,
    l3_per_package=1,
    cores_per_l3=8,
    slow_cores=frozenset({4, 5, 6, 7}),
)
TWO_NODES = CpuDesc(packages=2, l3_per_package=1, cores_per_l3=4)
NEAR = "<numatune><memory mode='strict' nodeset='0'/></numatune>"
SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"

HOSTS: dict[str, Host] = {
    "guest-fine": FINE_HOST,
    "guest-2018": host(OLD),
    "guest-narrow": replace(
        FINE_HOST,
        cpu=replace(INTEL.cpu, physical_bits=46),
        iommu="intel",
        tables=("DMAR",),
        log=INTEL.log,
    ),
    "guest-files": host(
        changed(
            ("OVMF_CODE_4M.fd", "OVMF_CODE.fd"),
            ("template='/usr/share/OVMF/OVMF_VARS_4M.fd'", "template='/usr/share/OVMF/OVMF_VARS.fd'"),
            ("/usr/share/vgabios/card.rom", "/usr/share/vgabios/gone.rom"),
        ),
        without("<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>", name="again"),
    ),
    "guest-sizes": host(changed(), files={**FILES, "/usr/share/OVMF/OVMF_VARS_4M.fd": bytes(131072)}),
    "guest-cpu": host(
        changed(
            ("dies='1' cores='2' threads='2'", "clusters='2' cores='1' threads='2'"),
            ("<cache mode='passthrough'/>", ""),
            ("<feature policy='require' name='topoext'/>", ""),
        )
    ),
    "guest-windows": host(*WINDOWS),
    "guest-devices": host(
        *DEVICES,
        pci=(BRIDGE, IGPU, gpu(CARD, 2), AUDIO, *SWITCH, XHCI),
        files={**FILES, "/usr/share/vgabios/other.rom": card_rom(0x1002, 0x67DF)},
    ),
    "guest-disks": host(*DISKS, files={**FILES, "/dev/sdb": "", "/proc/mounts": "/dev/sdb /srv xfs rw 0 0\n"}),
    "guest-qemu": host(
        changed(("</domain>", QEMU_ARGS)),
        files={
            **FILES,
            "/etc/libvirt/qemu.conf": 'nvram = [ "/usr/share/OVMF/OVMF_CODE.fd:/usr/share/OVMF/OVMF_VARS.fd" ]\n',
            "/etc/modules-load.d/virtio.conf": "virtio_net\n",
            "/etc/libvirt/hooks/qemu": "#!/bin/sh\nexit 0\n",
        },
    ),
    "guest-usb": host(*USB, usb=(MOUSE, replace(MOUSE, port="5"))),
    "guest-pins": host(*BAD_PINS),
    "guest-spread": replace(
        CLEAN, cpu=CpuDesc(l3_per_package=2, cores_per_l3=4), guests=(guest("wide", (1, 9, 5, 13), 100, emulator="0"),)
    ),
    "guest-hybrid": replace(CLEAN, cpu=HYBRID, guests=(guest("mixed", (2, 6, 8, 9), 100),)),
    "guest-one-kind": replace(CLEAN, cpu=HYBRID, guests=(guest("fast", (1, 2, 3), 100),)),
    "guest-nodes": replace(CLEAN, nodes=2, cpu=TWO_NODES, guests=(guest("far", (1, 5), 100),)),
    "guest-near": replace(CLEAN, nodes=2, cpu=TWO_NODES, guests=(guest("near", (1, 2), 100, extra=NEAR),)),
    "guest-isolated": replace(
        FINE_HOST,
        cpu=replace(FINE_HOST.cpu, isolated="0-2,4-6"),
        cmdline=f"{FINE_HOST.cmdline} isolcpus=0-2,4-6",
        default_cmdline=f"{FINE_HOST.default_cmdline} isolcpus=0-2,4-6",
        libvirt="9.0.0",
        guests=(changed(), without("<emulatorpin cpuset='0,4'/>", name="floats")),
    ),
    "guest-memory": replace(FINE_HOST, guests=MEMORY, files={**FILES, "/sys/kernel/mm/ksm/run": "1\n"}),
    "guest-shared": replace(
        CLEAN,
        guests=(guest("files", (2, 6), 100, extra=SHARED),),
        files={**CLEAN.files, "/sys/kernel/mm/transparent_hugepage/shmem_enabled": "always [advise] never\n"},
    ),
    "guest-thp-off": replace(CLEAN, thp="never"),
    "guest-glass": host(
        changed(("</devices>\n</domain>", GLASS)),
        files={
            **FILES,
            "/dev/shm/looking-glass": "short",
            "/dev/kvmfr0": "",
            "/etc/modprobe.d/kvmfr.conf": "options kvmfr static_size_mb=32\n",
            "/srv/pulse/README": "",
            "/run/user/1000/pipewire-0": "",
        },
    ),
}

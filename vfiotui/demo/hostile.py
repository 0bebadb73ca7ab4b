"""A machine whose names try to break the terminal, the markup and the report."""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc, Host, UsbDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower import TOWER, WIN10
from vfiotui.demo.tower_pci import CPU_USB, GUEST_CARD
from vfiotui.model.base.value import replace

NAME = "x [/dev/vfio/1] [AMD] \x1b[2J"
"""What every name holds; XML cannot carry an escape character, so guests have the rest of it."""
GUEST = "x [bold]y [AMD] [@click=app.quit]z"
"""A name that libvirt takes: it refuses a slash only."""
GUEST_OF_FILE = "x [/dev/vfio/1] [AMD] [/]"
"""A name that only a file below /etc/libvirt can have."""
PLAIN_PID = 6666
"""A QEMU process that libvirt does not know, with the whole name."""


def hostile_host() -> Host:
    """The demo machine with hostile names on devices, guests, files, USB and in the logs."""
    running = replace(
        WIN10,
        name=GUEST,
        xml=guest_xml(
            GUEST, "3b2d6f0e-4c5a-4a7e-9d2b-0f1e2d3c4b5a", memory_gib=16, pins=WIN10.pins, hostdevs=GUEST_CARD
        ),
    )
    off = GuestDesc(GUEST_OF_FILE, guest_xml(GUEST_OF_FILE, "7c1e9a52-88a1-4f7b-a0c3-5d6e7f8091a2", memory_gib=4))
    process = f"/proc/{PLAIN_PID}"
    return replace(
        TOWER,
        name=NAME,
        pci=tuple(replace(d, name=f"{NAME} {d.name}", maker=f"[red]{NAME}", board=NAME) for d in TOWER.pci),
        guests=(running, off),
        usb=(*TOWER.usb, UsbDesc(CPU_USB, 3, "7", 0x1234, 0x5678, NAME, NAME, 0xFF, 0, NAME.replace("/", "|"))),
        log=f"{TOWER.log}[    9.000000] vfio-pci 0000:08:00.0: reset {NAME}\r\x07\n",
        parameters={"kvm.halt_poll_ns": NAME},
        files={
            **TOWER.files,
            "/etc/os-release": f'PRETTY_NAME="{NAME}"\nID=debian\n',
            "/etc/modprobe.d/vfio.conf": f"options vfio-pci ids=10de:13c2,{NAME.replace(' ', '')}\n",
            f"/etc/modprobe.d/{NAME.replace('/', '|')}.conf": "options vfio_iommu_type1 allow_unsafe_interrupts=1\n",
            "/etc/initramfs-tools/modules": f"vfio_virqfd # {NAME}\n",
            f"/usr/local/bin/{NAME.replace('/', '|')}": f"#!/bin/sh\n# {NAME}\nchrt -r 1 qemu-system-x86_64\n",
            "/sys/class/dmi/id/board_name": NAME,
            "/sys/class/dmi/id/bios_version": NAME,
            f"{process}/comm": "qemu-system-x86\n",
            f"{process}/cmdline": f"qemu-system-x86_64\0-name\0guest={NAME}\0",
            f"{process}/task/{PLAIN_PID}/comm": "qemu-system-x86\n",
            f"{process}/task/{PLAIN_PID}/schedstat": "0 0 0\n",
            f"{process}/task/{PLAIN_PID}/stat": f"{PLAIN_PID} (qemu) S {'0 ' * 49}\n",
            f"{process}/task/{PLAIN_PID}/status": f"Name:\t{NAME}\nCpus_allowed_list:\t0-3\n",
        },
    )

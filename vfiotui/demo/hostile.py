"""A machine whose names try to break the terminal, the markup and the report."""

from __future__ import annotations

from dataclasses import replace

from vfiotui.demo.description import GuestDesc, Host, UsbDesc
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.demo.tower import TOWER

NAME = "x [/dev/vfio/1] [AMD] \x1b[2J"
"""What every name holds; XML cannot carry an escape character, so guests have the rest of it."""
GUEST = "x [/dev/vfio/1] [AMD] [bold]y[/]"
PCI_IDS = (
    f"10de  {NAME}\n\t13c2  {NAME} card\n\t0fbb  {NAME}\n"
    f"1002  [red]AMD[/red] {NAME}\n\t73ff  [/] Navi\nC 03  {NAME}\n\t00  VGA {NAME}\n"
)


def hostile_host() -> Host:
    """The demo machine with hostile names on devices, guests, files and USB."""
    win10 = TOWER.guests[0]
    guest = GuestDesc(
        GUEST,
        guest_xml(
            GUEST, "3b2d6f0e-4c5a-4a7e-9d2b-0f1e2d3c4b5a", memory_gib=16, pins=win10.pins, hostdevs=("0000:08:00.0",)
        ),
        pid=4242,
        vcpus=8,
        pins=win10.pins,
    )
    return replace(
        TOWER,
        name=NAME,
        guests=(guest,),
        usb=(*TOWER.usb, UsbDesc("0000:0c:00.3", 3, "7", 0x1234, 0x5678, NAME, NAME)),
        files={
            **TOWER.files,
            "/usr/share/hwdata/pci.ids": PCI_IDS,
            "/etc/modprobe.d/vfio.conf": f"options vfio-pci ids=10de:13c2,{NAME.replace(' ', '')}\n",
            f"/usr/local/bin/{NAME.replace('/', '|')}": f"#!/bin/sh\n# {NAME}\nchrt -r 1 qemu-system-x86_64\n",
            "/sys/class/dmi/id/board_name": NAME,
        },
    )

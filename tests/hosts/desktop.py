"""Machines whose desktop or sleep is in the guests' way, or the other way round."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import CLEAN
from tests.hosts.given import wants
from vfiotui.demo.description import Host

CARD = "0000:01:00.0"
XORG = "/etc/X11/xorg.conf.d/10-gpu.conf"
WRONG = """\
Section "Device"
    Identifier "guest's"
    BusID "PCI:1:0:0"
EndSection
Section "Device"
    # BusID "PCI:9:9:9"
    BusID "PCI:0a:00.0"
EndSection
Section "Device"
    BusID "PCI:77:0:0"
EndSection
"""
HOOK = "/etc/libvirt/hooks/qemu.d/50-nosleep"

LID, LOGIND = "/proc/acpi/button/lid/LID0/state", "/etc/systemd/logind.conf.d/vfio.conf"
LAPTOP = replace(CLEAN, guests=(wants(CARD, "0000:01:00.1"),), files={**CLEAN.files, LID: "state:      open\n"})
"""A laptop whose guest gets the card."""

HOSTS: dict[str, Host] = {
    "xorg-wrong": replace(CLEAN, files={**CLEAN.files, XORG: WRONG}),
    "xorg-right": replace(CLEAN, files={**CLEAN.files, XORG: 'Section "Device"\n  busid "PCI:0:2:0"\nEndSection\n'}),
    "awake-not": replace(CLEAN, guests=(wants(CARD, "0000:01:00.1"),)),
    "awake": replace(
        CLEAN,
        guests=(wants(CARD, "0000:01:00.1"),),
        files={**CLEAN.files, HOOK: "#!/bin/sh\nexec systemd-inhibit --what=sleep sleep infinity\n"},
    ),
    "laptop-lid": LAPTOP,
    "laptop-lid-unused": replace(LAPTOP, guests=CLEAN.guests),
    "laptop-lid-ignored": replace(
        LAPTOP,
        files={
            **LAPTOP.files,
            "/etc/systemd/logind.conf": "[Login]\n#HandleLidSwitch=suspend\nHandleLidSwitch=hibernate\n",
            LOGIND: "[Login]\nHandleLidSwitch=ignore\nHandleLidSwitchExternalPower=lock\n",
        },
    ),
    "laptop-lid-held": replace(
        LAPTOP,
        files={
            **LAPTOP.files,
            HOOK: "#!/bin/sh\nexec systemd-inhibit --what=sleep:handle-lid-switch sleep infinity\n",
        },
    ),
}

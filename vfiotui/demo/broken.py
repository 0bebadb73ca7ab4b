"""The demo machine broken in one way for each symptom: what a person would see there, the doctor should find."""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc, Host, PciDesc, ScreenDesc
from vfiotui.demo.tower import TOWER, WIN10, WIN_DISK, WORDS
from vfiotui.demo.tower_pci import GUEST_CARD
from vfiotui.model.base.value import replace

CARD, SOUND = GUEST_CARD
HOST_CARD = "0000:0b:00.0"
HOME = "/home/user"
USB_HOSTDEV = (
    "    <hostdev mode='subsystem' type='usb' managed='yes'>\n      <source>\n        <vendor id='0x1038'/>\n"
    "        <product id='0x12aa'/>\n      </source>\n    </hostdev>\n"
)
XORG = 'Section "Device"\n    Identifier "card"\n    BusID "PCI:8:0:0"\nEndSection\n'
BASE = replace(TOWER, guests=(WIN10,))
"""One guest, with which all is well."""


def guest(*pairs: tuple[str, str]) -> tuple[GuestDesc, ...]:
    """The guest with some words of its XML replaced; each of them must stand there."""
    xml = WIN10.xml
    for old, new in pairs:
        assert old in xml, old
        xml = xml.replace(old, new)
    return (replace(WIN10, xml=xml),)


def functions(bdfs: tuple[str, ...], **changes: object) -> tuple[PciDesc, ...]:
    """All functions of the machine, some of them changed."""
    return tuple(replace(d, **changes) if d.bdf in bdfs else d for d in TOWER.pci)  # type: ignore[arg-type]


def told(*lines: str) -> str:
    """The kernel's log with more lines."""
    return TOWER.log + "".join(f"[ 4711.{n:06}] {line}\n" for n, line in enumerate(lines))


BROKEN: dict[str, Host] = {
    "no-picture": replace(BASE, guests=guest(("<os firmware='efi'>", "<os>"))),
    "code-43": replace(
        BASE,
        pci=tuple(replace(d, boot_vga=d.bdf == CARD) if d.bdf in (CARD, HOST_CARD) else d for d in TOWER.pci),
    ),
    "bar-reserve": replace(
        BASE,
        pci=functions((CARD,), class_code=0x038000),
        screen=ScreenDesc(CARD),
        log=told(f"vfio-pci {CARD}: BAR 1: can't reserve [mem 0x7c10000000-0x7c1fffffff 64bit pref]"),
    ),
    "crackling-audio": replace(BASE, pci=functions(GUEST_CARD, msi=0, intx="snd_hda_intel:card1")),
    "stutter": replace(
        BASE, log=told("x86/split lock detection: #AC: CPU 3/KVM/4255 took a split_lock trap at address: 0xfffff80")
    ),
    "one-core": replace(
        BASE, guests=guest(("sockets='1' dies='1' cores='4' threads='2'", "sockets='8' dies='1' cores='1' threads='1'"))
    ),
    "no-second-start": replace(BASE, log=told(f"vfio-pci {CARD}: not ready 65535ms after bus reset; giving up")),
    "freeze-after-shutdown": replace(BASE, pci=functions(GUEST_CARD, msi=0, intx="xhci_hcd:usb3")),
    "dies-on-suspend": BASE,
    "no-desktop": replace(BASE, files={**TOWER.files, "/etc/X11/xorg.conf.d/10-gpu.conf": XORG}),
    "black-host": replace(BASE, pci=functions((HOST_CARD,), vendor=0x10DE, device=0x13C2, driver="vfio-pci")),
    "permission-denied": replace(
        BASE,
        guests=guest(("type='block'", "type='file'"), (f"dev='{WIN_DISK}'", f"file='{HOME}/win10.img'")),
        files={**TOWER.files, f"{HOME}/win10.img": "", "/usr/bin/setfacl": ""},
        modes={HOME: 0o700},
        user=1000,
    ),
    "usb-lost": replace(BASE, guests=guest(("    <video>\n", f"{USB_HOSTDEV}    <video>\n"))),
    "slow-guest": replace(
        BASE,
        files={
            **TOWER.files,
            "/sys/firmware/acpi/platform_profile": "quiet\n",
            "/sys/firmware/acpi/platform_profile_choices": "quiet balanced performance\n",
        },
    ),
    "slow-io": replace(BASE, guests=guest(("<target dev='vda' bus='virtio'/>", "<target dev='sda' bus='sata'/>"))),
    "thp-missing": replace(
        BASE,
        guests=guest(("    <hugepages/>\n", "")),
        huge_2m=(0, 0),
        thp="never",
        cmdline=f"{TOWER.cmdline} transparent_hugepage=never",
        default_cmdline=f"{WORDS} transparent_hugepage=never",
    ),
}
"""The name of a symptom → a machine that has it."""

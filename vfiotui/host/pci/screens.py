"""Framebuffers, virtual consoles and DRM cards (ABI/testing/sysfs-class-drm, driver-api/console.rst)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from vfiotui.host.pci.functions import linked_name
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.screens import Claim, DrmCard, FirmwareScreen, Framebuffer, Screens, VirtualConsole

PLATFORM = "/sys/bus/platform/devices"
CONSOLES = "/sys/class/vtconsole"
DRM = "/sys/class/drm"
FB = re.compile(r"^(\d{1,3}) (.*)$")
CARD = re.compile(r"card\d{1,4}$")
RESOURCE = re.compile(r"^( *)([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)$")
FIRMWARE = re.compile(r"BOOTFB|efifb|efidrm|simplefb|simpledrm|simple-framebuffer|vesafb|vesadrm", re.IGNORECASE)
"""Names under which a firmware framebuffer claims memory (drivers/firmware/sysfb*.c, drivers/video/fbdev)."""


def read_framebuffers(root: Root) -> Reading[tuple[Framebuffer, ...]]:
    """The lines of /proc/fb; none where no framebuffer is registered."""
    lines = root.lines("/proc/fb", 1 << 16)
    if isinstance(lines, Unread):
        return () if lines.why is Why.ABSENT and root.has("proc") else lines
    return tuple(Framebuffer(int(m[1]), m[2].strip()) for m in map(FB.match, lines) if m)


def claims(lines: Iterable[str]) -> Iterator[Claim]:
    """Firmware framebuffers that lie inside a PCI function's range; deeper lines are indented by two blanks."""
    above: list[tuple[int, str]] = []
    for match in filter(None, map(RESOURCE.match, lines)):
        depth, name = len(match[1]), match[4].strip()
        above = [(d, n) for d, n in above if d < depth]
        if FIRMWARE.search(name):
            bdf = next((n for _, n in reversed(above) if BDF.fullmatch(n)), "")
            if bdf:
                yield Claim(bdf, int(match[2], 16), int(match[3], 16), name)
        above.append((depth, name))


def read_claims(root: Root) -> Reading[tuple[Claim, ...]]:
    """Who holds a card's memory (/proc/iomem); without root the kernel shows names but no addresses."""
    lines = root.table("/proc/iomem", RESOURCE.match)
    if isinstance(lines, Unread):
        return lines
    found = tuple(claims(lines))
    return found if lines else root.missed(Unread("is empty", Why.FORBIDDEN, "/proc/iomem"))


def read_firmware(root: Root) -> Reading[tuple[FirmwareScreen, ...]]:
    """Platform devices that stand for the firmware's framebuffer."""
    names = root.names(PLATFORM)
    if isinstance(names, Unread):
        return () if names.why is Why.ABSENT and root.has("sys") else names
    return tuple(FirmwareScreen(n, linked_name(root, f"{PLATFORM}/{n}/driver")) for n in names if "-framebuffer." in n)


def _none_if_lacking(root: Root, absent: Unread) -> Reading[tuple[Any, ...]]:
    """Nothing, where the kernel shows its classes and this one is not among them; else why it is not known."""
    shown = root.names("/sys/class")
    return () if absent.why is Why.ABSENT and isinstance(shown, tuple) and shown else absent


def read_consoles(root: Root) -> Reading[tuple[VirtualConsole, ...]]:
    """The virtual consoles' backends."""
    names = root.names(CONSOLES)
    if isinstance(names, Unread):
        return _none_if_lacking(root, names)
    return tuple(
        VirtualConsole(
            n,
            root.text(f"{CONSOLES}/{n}/name", 4096),
            then(root.integer(f"{CONSOLES}/{n}/bind"), bool),
        )
        for n in names
    )


def read_cards(root: Root) -> Reading[tuple[DrmCard, ...]]:
    """DRM cards by name, with the connectors that a display is plugged into."""
    names = root.names(DRM)
    if isinstance(names, Unread):
        return _none_if_lacking(root, names)
    found = []
    for card in filter(CARD.match, names):
        device = root.real(f"{DRM}/{card}/device")
        bdf = "" if isinstance(device, Unread) else device.rpartition("/")[2]
        boot = root.integer(f"{DRM}/{card}/boot_display")
        connectors = (n for n in names if n.startswith(f"{card}-"))
        found.append(
            DrmCard(
                card,
                bdf if BDF.fullmatch(bdf) else "",
                tuple(
                    c.removeprefix(f"{card}-")
                    for c in connectors
                    if root.text(f"{DRM}/{c}/status", 4096) == "connected"
                ),
                None if isinstance(boot, Unread) and boot.why is Why.ABSENT else then(boot, bool),
            )
        )
    return tuple(found)


def read(root: Root) -> Reading[Screens]:
    """Everything that draws; Unread only where the machine does not run."""
    if not root.has("sys") and not root.has("proc"):
        return Unread("who draws is known of a running system only", Why.NOT_HERE, "/proc/fb")
    return Screens(
        read_framebuffers(root), read_claims(root), read_firmware(root), read_consoles(root), read_cards(root)
    )

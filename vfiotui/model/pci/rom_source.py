"""Whether the option ROM of a card can be read from the card itself, and how far it can be believed."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.functions import Bar, PciDevice

ROM_BAR = 6
"""The line of the expansion ROM in `resource`."""
SHADOW = 1 << 1
"""IORESOURCE_ROM_SHADOW (linux/ioport.h): the kernel hands out a copy in memory."""
MEMORY_DECODE = 1 << 1
"""The command register's bit that lets a device answer to memory addresses."""
HARMLESS = (None, "vfio-pci", "pci-stub")
"""Drivers that do not use the card themselves."""
SHADOW_WARNING = (
    "This card showed the boot screen: the kernel hands out the copy that the firmware put into memory, and firmware "
    "changes that copy. Do not give it to a guest; boot with another card as the display and read it again."
)


@dataclass(frozen=True, slots=True)
class RomSource:
    """What stands between a card's ROM and its reader."""

    bar: Reading[Bar | None]
    """The expansion ROM's address range; None where the card has none."""
    shadow: bool
    """The card showed the boot screen, so that a copy in memory would be read."""
    obstacles: tuple[str, ...]
    """Each a sentence that says what to do first; empty where it can be read."""


def rom_bar(device: PciDevice) -> Reading[Bar | None]:
    """The range of the expansion ROM, or None where the card has none."""
    if isinstance(device.bars, Unread):
        return device.bars
    return next((b for b in device.bars if b.index == ROM_BAR), None)


def is_shadow(device: PciDevice) -> bool:
    """Whether the kernel hands out the firmware's copy: it says so, or the card is the boot display."""
    bar = rom_bar(device)
    return (isinstance(bar, Bar) and bool(bar.flags & SHADOW)) or device.boot_vga is True


def rom_source(device: PciDevice, command: Reading[int], domains: tuple[Domain, ...]) -> RomSource:
    """What must be done before the ROM of a device can be read.

    `command` is the command register of its configuration space, `domains` are the guests as far as they are known.
    """
    bar, folder = rom_bar(device), f"/sys/bus/pci/devices/{device.bdf}"
    found = []
    if bar is None:
        found.append("It has no expansion ROM (laptop cards often have none: the ACPI tables bring it).")
    if command == 0xFFFF:
        found.append("It answers ff only: it has fallen off the bus. Switch the host off and on.")
    elif isinstance(command, int) and not command & MEMORY_DECODE:
        found.append(f"Its memory decoding is off: write 1 to {folder}/enable first.")
    if isinstance(device.power_state, str) and device.power_state in ("D1", "D2", "D3hot", "D3cold"):
        found.append(f"It sleeps in {device.power_state}: write on to {folder}/power/control first.")
    if isinstance(device.driver, str) and device.driver not in HARMLESS:
        found.append(f"The host's driver {device.driver} uses it: unbind it, or bind it to vfio-pci, first.")
    users = [d.name for d in domains if d.running and any(h.address == device.bdf for h in d.hostdevs)]
    found += [f"Guest {name} is running with it: shut it down first." for name in users]
    return RomSource(bar, is_shadow(device), tuple(found))

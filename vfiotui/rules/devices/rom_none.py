"""A card for a guest brings an option ROM.

Expected
    A second display controller, or one that is bound to vfio-pci, has an expansion ROM.
Why
    Without one the guest's firmware shows nothing on the card: the screen stays dark until the guest's own driver
    starts, and drivers that want the ROM do not start.
How it is read
    The seventh line of the device's file resource.
Fix
    Cards of laptops keep their ROM in the ACPI tables or in the firmware: get it from there or from the maker, ask
    vfiotui rom whether it fits, and name it in the guest's XML as rom file.
Valid for
    All kernels. Integrated graphics have none either, and their guests need a file too.
Sources
    Documentation/PCI/sysfs-pci.rst; QEMU documentation of vfio-pci (romfile).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.rom_source import rom_bar
from vfiotui.rules.engine import (
    CLASS,
    DRIVERS,
    Answers,
    ByHand,
    all_guests,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)


def rom_files(facts: Facts) -> dict[str, str]:
    """PCI address → the ROM file that a guest's XML names for it."""
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    return {h.address: h.rom_file for d in domains for h in d.hostdevs if h.rom_file}


@rule(
    "ROM-NONE",
    Severity.INFO,
    needs=("pci",),
    fires="rom-none",
    silent="clean",
    counts_guests=True,
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    files = rom_files(facts)
    cards = [
        d
        for d in known(facts.pci).devices
        if d.is_display and (d.driver == "vfio-pci" or known(d.boot_vga) is not True)
    ]
    if not cards:
        yield not_applicable("host", "no second display controller, and none is bound to vfio-pci")
    for card in cards:
        path = f"/sys/bus/pci/devices/{card.bdf}/resource"
        bar = rom_bar(card)
        if isinstance(bar, Unread):
            yield unknown(card.bdf, f"the option ROM is unknown: {bar}", seen(bar.path, bar.reason))
        elif bar is not None:
            yield holds(card.bdf, f"has an expansion ROM of {bar.size >> 10} KiB", seen(path, f"{bar.start:#x}"))
        elif card.bdf in files:
            yield holds(card.bdf, f"has none, and its guest is given {files[card.bdf]}", seen(path, "no ROM"))
        else:
            all_guests(facts)
            yield fails(
                card.bdf,
                "This card has no option ROM: a guest's firmware has no video output on it.",
                seen(path, "the seventh line is empty"),
                fix=by_hand(ByHand.FILE, "name a ROM file that fits in the guest's XML", Risk.R2),
            )

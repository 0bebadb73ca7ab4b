"""A guest gets the ROM of its card, not the copy that the host's firmware changed.

Expected
    A card that showed the boot screen and is assigned to a guest has a ROM file in the guest's XML.
Why
    The kernel hands out the copy of the boot display's ROM that the firmware put into memory and changed while it
    ran. A guest that gets it often has no video output, and NVIDIA's driver stops with Code 43.
How it is read
    boot_vga, and the flag IORESOURCE_ROM_SHADOW in the seventh line of resource; rom file of the guests' XML.
Fix
    Let another card show the boot screen (firmware setup), read the ROM then with vfiotui rom --dump, and name the
    file in the guest's XML.
Valid for
    All kernels on x86. Only firmware in the old BIOS way makes a copy for sure; elsewhere the warning is a precaution.
Sources
    arch/x86/pci/fixup.c pci_fixup_video; linux/ioport.h.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.rom_source import is_shadow
from vfiotui.rules.devices.rom_none import rom_files
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
)


def given(facts: Facts) -> frozenset[str]:
    """Addresses that some guest's XML names."""
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    return frozenset(h.address for d in domains for h in d.hostdevs)


@rule(
    "ROM-COPY",
    Severity.WARN,
    needs=("pci",),
    fires="rom-copy",
    silent="clean",
    counts_guests=True,
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    files, wanted = rom_files(facts), given(facts)
    cards = [d for d in known(facts.pci).devices if d.is_display and is_shadow(d)]
    cards = [d for d in cards if d.driver == "vfio-pci" or d.bdf in wanted]
    if not cards:
        yield not_applicable("host", "the card that showed the boot screen stays with the host")
    for card in cards:
        evidence = seen(f"/sys/bus/pci/devices/{card.bdf}/boot_vga", "1")
        if card.bdf in files:
            yield holds(card.bdf, f"showed the boot screen, and its guest is given {files[card.bdf]}", evidence)
        else:
            all_guests(facts)
            yield fails(
                card.bdf,
                "This card showed the boot screen: its guest gets the ROM as the host's firmware left it in memory.",
                evidence,
                fix=by_hand(
                    ByHand.FILE,
                    "boot with another display, read the ROM then, and name the file in the guest's XML",
                    Risk.R2,
                ),
            )

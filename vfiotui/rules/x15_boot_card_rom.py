"""The host's boot card comes with a ROM file.

What must hold
    A graphics card on which the host has shown its boot screen is given with a ROM file.
Why
    What the kernel reads from the ROM of the boot card is a copy that the firmware has changed; cards with
    such a copy often stay black.
How it is read
    boot_vga of the given cards, <rom> of the hostdevs.
Fix
    Dump the ROM while another card is the boot card, or take one that fits the very card, and name it with
    <rom file=>.
Valid for
    Advice: many cards work without.
Sources
    Linux drivers/pci/rom.c, IORESOURCE_ROM_SHADOW.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.guest_pci import displays_of
from vfiotui.model.reading import or_else
from vfiotui.rules.rule import Answer, fails, fix, guest_rule, holds, known, seen


@guest_rule("X15-BOOT-CARD-ROM", Severity.INFO, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Iterator[Answer]:
    if not domain.pci_hostdevs:
        return
    cards = displays_of(domain, known(facts.pci))
    files = {h.address: h.rom_file for h in domain.pci_hostdevs}
    bare = [c for c in cards if or_else(c.boot_vga, False) and not files[c.bdf]]
    for card in bare:
        yield fails(
            domain.name,
            f"{card.bdf} is the card on which this host boots: its ROM may be a changed copy.",
            seen(f"/sys/bus/pci/devices/{card.bdf}/boot_vga", "1"),
            seen(domain.source, "no rom file"),
            fix=fix("name a ROM file if the screen stays black", Risk.R2, ("domain.hostdev.rom", f"{card.bdf}=PATH")),
        )
    if cards and not bare:
        yield holds(domain.name, "its cards are no boot cards, or have a ROM file", seen(domain.source, cards[0].bdf))

"""A graphics card shows its ROM to the guest's firmware.

Expected
    <rom bar='off'/> is not set for a graphics card of a guest with EFI firmware.
Why
    The firmware finds no driver for the card: its screen stays dark until the system inside brings one.
How it is read
    <rom> of the hostdevs.
Fix
    Take bar='off' away, or keep it for a card that has no ROM or hangs while it is read.
Valid for
    EFI guests.
Sources
    libvirt formatdomain, rom.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import displays_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-ROM-BAR", Severity.INFO, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs or not domain.boot.is_efi:
        return
    cards = known(displays_of(domain, known(facts.pci)))
    shown = {h.address: h.rom_bar for h in domain.pci_hostdevs}
    dark = [c for c in cards if not shown[c.bdf]]
    for card in dark:
        yield fails(
            domain.name,
            f"The ROM of {card.bdf} is hidden: the firmware has no output on it.",
            seen(domain.source, f"hostdev {card.bdf} rom bar off"),
            fix=fix("show the ROM", Risk.R2, ("domain.hostdev.rom-bar", f"{card.bdf}=on")),
        )
    if cards and not dark:
        yield holds(domain.name, "its cards show their ROM", seen(domain.source, cards[0].bdf))

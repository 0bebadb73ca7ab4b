"""A guest with a graphics card of the host boots an EFI firmware.

Expected
    A guest that is given a graphics card has firmware='efi' or an EFI image as flash.
Why
    SeaBIOS needs the card's legacy VGA BIOS and ports: in most cases the screen stays black, without
    a message.
How it is read
    <os> of the guest; the class of its hostdevs below /sys/bus/pci/devices.
Fix
    Let libvirt choose an EFI firmware: <os firmware='efi'>. A system that was installed under BIOS must be
    converted or reinstalled.
Valid for
    x86 guests; firmware='efi' since libvirt 5.2.
Sources
    libvirt formatdomain, BIOS bootloader; libvirt kbase, secureboot.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import displays_of
from vfiotui.rules.engine import Answers, fails, guest_rule, holds, known, seen
from vfiotui.rules.guest_firmware_choice import choose


@guest_rule("GUEST-BIOS-GPU", Severity.FAIL, needs=("pci",), fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs or not domain.boot.is_x86:
        return
    cards = known(displays_of(domain, known(facts.pci)))
    if not cards:
        return
    evidence = (
        seen(domain.source, f"firmware {domain.firmware}"),
        seen(f"/sys/bus/pci/devices/{cards[0].bdf}/class", cards[0].name),
    )
    if domain.boot.is_efi:
        yield holds(domain.name, f"the card {cards[0].bdf} has UEFI firmware", *evidence)
    else:
        yield fails(
            domain.name,
            f"It is given the graphics card {cards[0].bdf} and boots with BIOS: the card's screen stays black.",
            *evidence,
            fix=choose(facts, domain, "let libvirt choose an EFI firmware", ("domain.firmware", "efi")),
        )

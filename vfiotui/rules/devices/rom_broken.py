"""The kernel could read the option ROM of every card that it looked at.

Expected
    The kernel's log has no complaint about the signature of an expansion ROM.
Why
    A guest's firmware shows its output with the program in the card's ROM. Where the ROM reads as garbage the guest
    stays dark, and drivers that look into it (NVIDIA's) fail with Code 43.
How it is read
    Kernel messages "Invalid PCI ROM header signature" and "Invalid PCI ROM data signature" with the card's address.
Fix
    Wake the card (power/control on) and start the guest again. Where the message stays, hand the guest a ROM file:
    vfiotui rom shows whether a file fits.
Valid for
    Kernel 5.1 on words it so; older ones say "Invalid ROM contents". Cards without a display often have no ROM at
    all, and their message is harmless.
Sources
    drivers/pci/rom.c pci_get_rom_size.
"""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciDevice
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, fails, holds, known, rule, seen

MESSAGE = re.compile(r"\b([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): Invalid (?:PCI ROM|ROM contents)")


def _device(facts: Facts, bdf: str) -> PciDevice | None:
    return None if isinstance(facts.pci, Unread) else facts.pci.get(bdf)


@rule("ROM-BROKEN", Severity.WARN, needs=("kernel_log",), fires="rom-broken", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    complaints = {m[1]: line.text for line in known(facts.kernel_log) if (m := MESSAGE.search(line.text))}
    if not complaints:
        yield holds("host", "the kernel's log has no complaint about an option ROM")
    for bdf, text in complaints.items():
        device = _device(facts, bdf)
        shows = device is None or device.is_display
        yield fails(
            bdf,
            "The kernel cannot make out the option ROM of this device."
            if shows
            else "The kernel cannot make out the option ROM of this device, which has no video output: harmless.",
            seen("kernel log", text),
            fix=by_hand(
                ByHand.FILE,
                "wake the card and start the guest again; else give the guest a ROM file that fits",
                Risk.R2,
            )
            if shows
            else None,
            severity=None if shows else Severity.INFO,
        )

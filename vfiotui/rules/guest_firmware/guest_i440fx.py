"""A guest with PCI devices of the host has PCI Express.

Expected
    A guest that is given PCI devices is of the machine type q35.
Why
    The older i440fx has conventional PCI only: no extended configuration space, no MSI-X on some cards, and
    drivers that look for a PCI Express link refuse the card.
How it is read
    machine of <os><type>.
Fix
    Use q35. For an installed guest this changes addresses of all devices: keep a backup of the XML.
Valid for
    x86 guests.
Sources
    QEMU docs, q35; Proxmox VE wiki, PCI passthrough.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen

OLD = re.compile(r"pc|pc-i440fx.*|pc-[01]\..*|rhel6.*")


@guest_rule("GUEST-I440FX", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    # The guest sees an NVMe that QEMU drives as a disk, and not as the device.
    seen_inside = any(h.by != "disk" for h in domain.pci_hostdevs)
    if not domain.boot.is_x86 or not domain.machine or (domain.pci_hostdevs and not seen_inside):
        return
    if not known(domain.takes_pci):
        return
    evidence = seen(domain.source, f"machine {domain.machine}")
    if OLD.fullmatch(domain.machine):
        yield fails(
            domain.name,
            f"Its machine {domain.machine} has no PCI Express for the devices that it is given.",
            evidence,
            fix=fix("use the machine type q35", Risk.R2, ("domain.machine", "q35")),
        )
    else:
        yield holds(domain.name, f"machine {domain.machine}", evidence)

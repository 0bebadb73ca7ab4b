"""A guest is given all functions of a card.

Expected
    Of a slot with a graphics card every function is given: video, sound, USB, USB-C. Of other cards every
    function of the same IOMMU group.
Why
    The functions are reset together and isolated together: a missing one stays with the host and blocks the
    others, and the driver inside fails with Code 43.
How it is read
    hostdevs of the guest against the functions of their slots below /sys/bus/pci/devices.
Fix
    Add the other functions.
Valid for
    Every libvirt; virtual functions and devices of the chipset itself are left out.
Sources
    drivers/vfio/pci/vfio_pci_core.c; QEMU hw/vfio/pci.c, 'depends on group'.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import all_of_known_kind, devices_of
from vfiotui.model.pci.functions import PciDevice
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-FUNCTION-MISSING", Severity.FAIL, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    bus = known(facts.pci)
    given = {h.address for h in domain.pci_hostdevs}
    lacking: dict[str, list[PciDevice]] = {}
    for device in known(devices_of(domain, bus)):
        if device.parent is not None and not or_else(device.sriov_parent, None):
            rest = [f for f in known(all_of_known_kind(bus.card(device))) if f.bdf not in given and not f.is_bridge]
            display = any(f.is_display for f in bus.functions(device.slot))
            lacking[device.slot] = [f for f in rest if display or f.group == device.group]
    bad = {slot: rest for slot, rest in lacking.items() if rest}
    for slot, rest in bad.items():
        display = any(f.is_display for f in bus.functions(slot))
        names = ", ".join(f"{f.bdf} {f.name}" for f in rest)
        yield fails(
            domain.name,
            f"Of the card at {slot} it lacks {names}.",
            seen(domain.source, "hostdevs " + " ".join(sorted(a for a in given if a.startswith(slot)))),
            seen("/sys/bus/pci/devices", " ".join(f.bdf for f in bus.functions(slot))),
            fix=fix("give it these functions too", Risk.R2, ("domain.hostdev.add", ",".join(f.bdf for f in rest))),
            severity=None if display else Severity.WARN,
        )
    if lacking and not bad:
        yield holds(domain.name, "whole cards are given", seen(domain.source, " ".join(sorted(given))))

"""Functions of one card lie on one slot of the guest.

Expected
    Functions of one graphics card have one slot in the guest, with multifunction='on' at the first.
Why
    Drivers that look for their card's other half, sound at function 1 say, look in the same slot.
How it is read
    <address> of the hostdevs.
Fix
    Give them one slot: function 0 with multifunction='on', the others behind it.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, device addresses.
"""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_devices import Hostdev
from vfiotui.model.guest.guest_pci import all_of_known_kind
from vfiotui.model.pci.functions import slot_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-SLOT", Severity.INFO, fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    slots: dict[str, list[Hostdev]] = {}
    for hostdev in domain.pci_hostdevs:
        if hostdev.guest_address:
            slots.setdefault(slot_of(hostdev.address), []).append(hostdev)
    many = {slot: sorted(found, key=lambda h: h.address) for slot, found in slots.items() if len(found) > 1}
    cards = {slot: found for slot, found in many.items() if _may_be_a_card(facts, slot)}
    apart = {slot: found for slot, found in cards.items() if not _together(found)}
    for slot, found in apart.items():
        yield fails(
            domain.name,
            f"The functions of {slot} lie apart in the guest: {', '.join(h.guest_address for h in found)}.",
            *(seen(domain.source, f"{h.address} at {h.guest_address}") for h in found),
            fix=fix("put them on one slot of the guest", Risk.R2, ("domain.hostdev.slot", slot)),
        )
    if cards and not apart:
        yield holds(domain.name, "each card lies on one slot", seen(domain.source, " ".join(cards)))


def _may_be_a_card(facts: Facts, slot: str) -> bool:
    """Whether a graphics card may sit there; controllers of a chipset share a slot without belonging together."""
    functions = () if isinstance(facts.pci, Unread) else known(all_of_known_kind(facts.pci.functions(slot)))
    return not functions or any(f.is_display for f in functions)


def _together(found: Sequence[Hostdev]) -> bool:
    """One slot in the guest, and its function 0 says that more follow."""
    first = next((h for h in found if h.guest_address.endswith(".0")), None)
    return len({slot_of(h.guest_address) for h in found}) == 1 and first is not None and first.multifunction

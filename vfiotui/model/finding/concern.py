"""Which findings concern which guest, and which concern no guest at all."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.functions import BDF, slot_of


def domains_of(facts: Facts) -> tuple[Domain, ...]:
    """The guests as far as they are known; none where they are not."""
    return () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())


def subjects_of(domain: Domain, facts: Facts) -> frozenset[str]:
    """What a finding about a guest may name: the guest, its file, its devices with their whole slots, their groups."""
    given = {*(h.address for h in domain.pci_hostdevs), *domain.pci_pool}
    slots = {slot_of(bdf) for bdf in given}
    devices = () if isinstance(facts.pci, Unread) else facts.pci.devices
    mine = [d for d in devices if d.slot in slots]
    groups = {f"group {d.group}" for d in mine if isinstance(d.group, int)}
    return frozenset({domain.name, domain.source, *given, *(d.bdf for d in mine), *groups})


def concerns(finding: Finding, subjects: frozenset[str], name: str) -> bool:
    """Whether a finding is about a guest; `subjects` are those of `subjects_of`, and `name` is the guest's."""
    return finding.subject in subjects or finding.subject.startswith((f"{name} ", f"{name}: "))


def given_subjects(facts: Facts) -> frozenset[str]:
    """The devices, whole slots and groups that some guest has or that are bound to vfio-pci."""
    named = {s for domain in domains_of(facts) for s in subjects_of(domain, facts)}
    devices = () if isinstance(facts.pci, Unread) else facts.pci.devices
    slots = {d.slot for d in devices if isinstance(d.driver, str) and "vfio" in d.driver}
    mine = [d for d in devices if d.slot in slots]
    return frozenset({*named, *(d.bdf for d in mine), *(f"group {d.group}" for d in mine if isinstance(d.group, int))})


def may_matter_to_guests(finding: Finding, given: frozenset[str]) -> bool:
    """Whether a finding can explain what happens to a guest; one about a device that stays with the host cannot.

    `given` is what `given_subjects` tells; where it is empty nothing is known to be given away, and all may matter.
    """
    device = BDF.fullmatch(finding.subject) is not None or finding.subject.startswith("group ")
    return not device or not given or finding.subject in given

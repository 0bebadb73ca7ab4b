"""A guest with PCI devices of the host has no balloon.

Expected
    <memballoon model='none'/> is set.
Why
    VFIO pins all memory of the guest: a balloon gives nothing back, and its driver costs the guest time.
How it is read
    <memballoon>; where nothing is said libvirt adds one.
Fix
    <memballoon model='none'/>.
Valid for
    Every libvirt.
Sources
    Looking Glass documentation, libvirt; Linux drivers/vfio.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-BALLOON", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not known(domain.takes_pci):
        return
    evidence = seen(domain.source, f"memballoon {domain.balloon}")
    if domain.balloon == "none":
        yield holds(domain.name, "there is no balloon", evidence)
    else:
        yield fails(
            domain.name,
            "It has a memory balloon, though all its memory is pinned for its PCI devices.",
            evidence,
            fix=fix("take the balloon away", Risk.R2, ("domain.balloon", "none")),
        )

"""The passed-through card is the guest's only display.

Expected
    A guest with a graphics card of the host has <video><model type='none'/></video>, unless Looking Glass
    shows its display.
Why
    With a virtual card beside it the firmware and the system may take that one as the first: the monitor
    stays dark.
How it is read
    <video> of the guest; Looking Glass is known by its shared memory.
Fix
    Set the model to none once the given card works. With Looking Glass keep a SPICE display for keyboard and
    mouse.
Valid for
    Every libvirt.
Sources
    Looking Glass documentation, libvirt.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_pci import displays_of
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-VIRTUAL-VIDEO", Severity.INFO, needs=("pci",), fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    cards = known(displays_of(domain, known(facts.pci)))
    if not cards:
        return
    devices = domain.devices
    virtual = [model or "default" for model in devices.videos if model != "none"]
    evidence = seen(
        domain.source, f"video {' '.join(devices.videos) or 'none'}, graphics {' '.join(devices.graphics) or 'none'}"
    )
    if domain.looking_glass and "spice" not in devices.graphics:
        yield fails(
            domain.name,
            "Looking Glass has no SPICE display to send keyboard and mouse through.",
            evidence,
            fix=fix("add a SPICE display", Risk.R2, ("domain.graphics", "spice")),
        )
    elif virtual and not domain.looking_glass:
        yield fails(
            domain.name,
            f"It has a virtual card ({', '.join(virtual)}) beside {cards[0].bdf}: the guest's output may appear there.",
            evidence,
            fix=fix("take the virtual card away once the given one works", Risk.R2, ("domain.video", "none")),
        )
    else:
        yield holds(domain.name, "no emulated display", evidence)

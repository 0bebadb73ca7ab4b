"""Every card has all its lanes.

Expected
    The link of every display controller has as many lanes as the card and the slot can give.
Why
    A card in a slot with fewer lanes, or with a dirty contact, loses bandwidth. The speed is left out: idle
    cards lower it to save power.
How it is read
    current_link_width and max_link_width.
Fix
    Another slot; take the card out and put it in again; look at what else shares the lanes.
Valid for
    PCI Express.
Sources
    ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import by_whom, inside_machine
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import CLASS, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule(
    "DEVICE-LINK-WIDTH",
    Severity.INFO,
    needs=("pci",),
    fires="weak-reset",
    silent="clean",
    reads=(CLASS, "/sys/bus/pci/devices/*/max_link_width?"),
)
def check(facts: Facts) -> Answers:
    displays = [
        d for d in known(facts.pci).devices if d.is_display and isinstance(d.link.max_width, int) and d.link.max_width
    ]
    if not displays:
        yield not_applicable("host", "no display controller shows a link")
    for device in displays:
        now, most = known(device.link.width), known(device.link.max_width)
        evidence = seen(f"/sys/bus/pci/devices/{device.bdf}/current_link_width", f"{now} of {most}")
        if 0 < now < most:
            yield fails(
                device.bdf,
                f"The card has {now} of {most} lanes.",
                evidence,
                fix=by_hand(
                    by_whom(facts, ByHand.HARDWARE),
                    "look at the card's slot on the host that runs this virtual machine"
                    if inside_machine(facts)
                    else "try another slot",
                ),
            )
        else:
            yield holds(device.bdf, f"the card has {now} of {most} lanes", evidence)

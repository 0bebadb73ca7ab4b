"""Every device answers.

Expected
    The configuration space of no device reads as ff throughout, and no read of it hangs.
Why
    Such a device has fallen off the bus, mostly after a failed reset: nothing but a power cycle brings it back.
How it is read
    The first bytes of config; readable without root.
Fix
    Shut down and cut the power for some seconds; a plain reboot is often not enough.
Valid for
    Every kernel.
Sources
    PCI Local Bus specification: reads without a responder return all ones.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import by_whom
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.functions import Capabilities
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, rule, seen


@rule(
    "DEVICE-DEAD",
    Severity.FAIL,
    needs=("pci",),
    fires="dead-card",
    silent="tower",
    reads=("/sys/bus/pci/devices/*/vendor",),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    bad = False
    for device in bus.devices:
        caps = device.capabilities
        dead = isinstance(caps, Capabilities) and caps.dead
        if device.answers is False:
            bad = True
            yield fails(
                device.bdf,
                "This device has fallen off the bus." if dead else "This device does not answer.",
                seen(f"/sys/bus/pci/devices/{device.bdf}/config", "ff ff ff ff" if dead else str(caps)),
                fix=by_hand(by_whom(facts, ByHand.HARDWARE), "shut down and cut the power for some seconds"),
            )
    if not bad:
        for device in bus.devices:
            known(device.answers)
        yield holds("host", f"all {len(bus.devices)} devices answer", seen("/sys/bus/pci/devices/*/config", "answers"))

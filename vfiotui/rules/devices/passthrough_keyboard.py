"""The host keeps a keyboard.

Expected
    Not every keyboard hangs on controllers that are assigned to guests.
Why
    Without a keyboard there is no typing at the host: no password for the disk, no way out of a stuck
    guest.
How it is read
    /proc/bus/input/devices against the devices that are assigned to guests; PS/2 and Bluetooth keyboards count.
Fix
    Plug one keyboard into another controller, or share it with evdev input instead of giving the controller away.
Valid for
    Every kernel.
Sources
    Documentation/input/input.rst; libvirt formatdomain, input type evdev.
"""

from __future__ import annotations

from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HostUse, last_keyboards
from vfiotui.model.pci.passthrough import PassthroughDevices
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, given_rule, holds, known, not_applicable, seen


@given_rule("PASSTHROUGH-KEYBOARD", Severity.WARN, reads=("/proc/bus/input/devices",))
def check(bus: PciBus, use: HostUse, given: PassthroughDevices) -> Answers:
    boards = known(use.keyboards)
    lost = last_keyboards(use, frozenset(given))
    if lost:
        yield fails(
            lost[0].bdf,
            f"Every keyboard hangs on controllers that are assigned to guests: {', '.join(k.name for k in lost)}.",
            *(e for k in lost for e in given[k.bdf][:1]),
            *(seen("/proc/bus/input/devices", f"{k.name} below {k.bdf}") for k in lost),
            fix=by_hand(ByHand.HARDWARE, "plug one keyboard into a controller that the host keeps"),
        )
    elif not boards:
        yield not_applicable("host", "no keyboard is plugged in", seen("/proc/bus/input/devices", "none"))
    else:
        yield holds("host", f"the host keeps {boards[0].name}")

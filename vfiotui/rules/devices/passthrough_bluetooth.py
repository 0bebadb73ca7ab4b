"""What else is attached to a passed-through USB controller is known.

Expected
    No Bluetooth adapter hangs on a USB controller that is assigned to a guest while the host still uses it.
Why
    Boards solder Bluetooth to one of the controllers: headsets and keyboards of the host go with it.
How it is read
    /sys/bus/usb/devices with the drivers of their interfaces, against the devices that are assigned to guests.
Fix
    Give another controller away, or do without Bluetooth on the host.
Valid for
    Every kernel.
Sources
    Documentation/ABI/stable/sysfs-bus-usb.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.pci.passthrough import passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule(
    "PASSTHROUGH-BLUETOOTH",
    Severity.INFO,
    needs=("pci",),
    fires="gives-all-away",
    silent="clean",
    counts_guests=True,
    reads=(*MEANT, "/sys/bus/usb/devices/*/driver?"),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    if isinstance(facts.usb, Unread) and facts.usb.why is Why.ABSENT:
        yield not_applicable("host", "this host has no USB", seen(facts.usb.path, "is not there"))
        return
    usb = known(facts.usb)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    bad = False
    for controller in usb.controllers:
        for device in controller.devices:
            if controller.bdf in given and "btusb" in device.drivers:
                bad = True
                yield fails(
                    controller.bdf,
                    f"This USB controller is assigned to a guest, and the host's Bluetooth hangs on it: "
                    f"{or_else(device.name, device.path)}.",
                    *given[controller.bdf],
                    seen(f"/sys/bus/usb/devices/{device.path}", "btusb"),
                    fix=by_hand(ByHand.CHOICE, "give another controller away, or do without Bluetooth on the host"),
                )
    if not bad:
        yield holds("host", "no Bluetooth adapter of the host is assigned to a guest")

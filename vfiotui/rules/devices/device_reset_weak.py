"""A card can be reset between two guests.

Expected
    Every display controller, and every device that is bound to vfio-pci, has a function reset (flr, af_flr,
    device_specific), or a bus reset that hits nothing else. The functions of one slot are reset together: the
    sound of a card needs no reset of its own.
Why
    A card that cannot be reset starts one guest and then no second one until the host boots again.
How it is read
    reset and reset_method of the device: what the kernel offers after its quirks, not what the capability
    advertises.
Fix
    Nothing in software makes a missing reset. Some AMD cards have the module vendor-reset; ejecting the card
    inside the guest before it shuts down helps some.
Valid for
    reset_method since kernel 5.15; before that only whether the file reset exists is known.
Sources
    ABI/testing/sysfs-bus-pci; drivers/pci/pci.c pci_reset_fn_methods; drivers/vfio/pci/vfio_pci_core.c.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.rules.engine import (
    CLASS,
    DRIVERS,
    Answer,
    Answers,
    ByHand,
    by_hand,
    fails,
    holds,
    known,
    lacking,
    not_applicable,
    rule,
    seen,
)

GOOD = ("flr", "af_flr", "device_specific", "acpi")


def _has_bus_reset(device: PciDevice) -> bool:
    return not isinstance(device.reset_methods, Unread) and "bus" in device.reset_methods


def verdict(device: PciDevice, bus: PciBus) -> Answer:
    """Good, acceptable or missing reset of one device."""
    folder = f"/sys/bus/pci/devices/{device.bdf}"
    methods = device.reset_methods
    if isinstance(methods, Unread):
        if isinstance(device.has_reset, Unread):
            return lacking(device.bdf, check.title, device.has_reset)
        if methods.why is not Why.ABSENT:
            return lacking(device.bdf, check.title, methods)
        evidence = seen(f"{folder}/reset", "is there" if device.has_reset else "is not there")
        methods = ("some",) if device.has_reset else ()
    else:
        evidence = seen(f"{folder}/reset_method", " ".join(methods) or "empty")
    if any(m in GOOD for m in methods) or methods == ("some",):
        return holds(device.bdf, f"can be reset by itself ({' '.join(methods)})", evidence)
    others = [d for d in bus.devices if d.parent == device.parent and d.slot != device.slot and d.parent is not None]
    together = [d for d in bus.devices if d.parent == device.parent and d.slot == device.slot]
    if device.parent is not None and not others and any(d.is_display or _has_bus_reset(d) for d in together):
        return holds(device.bdf, "is reset with its slot, which nothing else shares", evidence)
    return fails(
        device.bdf,
        "This device has no reset of its own: a guest may get it once, and not again before the host boots.",
        evidence,
        fix=by_hand(
            ByHand.GUEST,
            "try it; if the second start fails, eject it in the guest first, or use vendor-reset where it fits",
            Risk.R1,
        ),
    )


@rule(
    "DEVICE-RESET-WEAK",
    Severity.WARN,
    needs=("pci",),
    fires="weak-reset",
    silent="clean",
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    wanted = [
        d
        for d in bus.devices
        if not d.is_bridge
        and ((d.is_display and known(d.boot_vga) is not True) or (isinstance(d.driver, str) and "vfio" in d.driver))
    ]
    if not wanted:
        yield not_applicable("host", "no second display controller, and nothing is bound to vfio-pci")
    for device in wanted:
        yield verdict(device, bus)

"""The card on which the host boots stays with the host.

Expected
    No card that is assigned to a guest is the boot display.
Why
    The boot messages, the password prompt of an encrypted disk and the text console are drawn on it: all of that
    is gone when it is bound to vfio-pci. Its ROM is read from a copy that the firmware has changed.
How it is read
    boot_vga of the card, boot_display of its DRM card, against the devices that are assigned to guests.
Fix
    Choose the other card as primary display in the firmware setup, or swap the slots. With one card only: reach
    the host over ssh, and unlock its disk without a prompt.
Valid for
    boot_vga on every kernel; boot_display on kernels of 2026.
Sources
    Documentation/ABI/testing/sysfs-class-drm; drivers/pci/vgaarb.c.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.machine import by_whom, in_firmware
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import (
    MEANT,
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


@rule(
    "PASSTHROUGH-BOOT-DISPLAY",
    Severity.WARN,
    needs=("pci",),
    fires="single-gpu",
    silent="clean",
    counts_guests=True,
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    cards = [device_of(bus, bdf) for bdf in given if device_of(bus, bdf).is_display]
    if not cards:
        yield not_applicable("host", "no display controller is assigned to a guest")
    shown = () if isinstance(facts.screens, Unread) else or_else(facts.screens.cards, ())
    drawn = {c.bdf: c.name for c in shown if c.boot_display is True}
    for card in cards:
        if card.boot_vga is True or card.bdf in drawn:
            yield fails(
                card.bdf,
                f"{card.name} is the boot display and is assigned to a guest: console and boot messages go with it.",
                seen(f"/sys/bus/pci/devices/{card.bdf}/boot_vga", "1")
                if card.boot_vga is True
                else seen(f"/sys/class/drm/{drawn[card.bdf]}/boot_display", "1"),
                *given[card.bdf],
                fix=by_hand(
                    by_whom(facts, ByHand.FIRMWARE),
                    in_firmware(
                        facts,
                        "make the other card the primary display",
                        "make the other card the primary display, on the host that runs this virtual machine",
                    ),
                    Risk.R3,
                ),
            )
        elif isinstance(card.boot_vga, Unread):
            yield lacking(card.bdf, check.title, card.boot_vga)
        elif card.boot_vga is None:
            yield holds(
                card.bdf,
                "it is no VGA device, which the boot display is",
                seen(f"/sys/bus/pci/devices/{card.bdf}/class", f"{known(card.class_code):06x}"),
            )
        else:
            yield holds(card.bdf, "it is not the boot display", seen(f"/sys/bus/pci/devices/{card.bdf}/boot_vga", "0"))

"""A USB device is lost, or does not reach the guest."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="usb-lost",
    title="A USB device is lost, or does not reach the guest",
    words=(
        "usb disconnect",
        "keyboard lost",
        "mouse lost",
        "usb passthrough",
        "device not found",
        "usb missing",
    ),
    causes=(
        Cause(
            "GUEST-USB-ABSENT",
            88,
            "The device is not plugged in, and without startupPolicy the guest does not start.",
            "Run lsusb and compare the ids.",
        ),
        Cause(
            "GUEST-USB-NUMBER",
            85,
            "A device's number changes with every plugging.",
            "Plug it out and in, and compare the number with the XML.",
        ),
        Cause(
            "GUEST-USB-TWINS",
            80,
            "Two devices have these ids, and libvirt does not know which one is meant.",
            "Plug one of them out.",
        ),
        Cause(
            "EVDEV-NAME",
            70,
            "The event device has another number since the last boot.",
            "Compare the name in the XML with /dev/input/by-id.",
        ),
        Cause(
            "PASSTHROUGH-BLUETOOTH",
            60,
            "It is attached to a controller that is passed through whole.",
            "Look which devices hang on that controller.",
        ),
        Cause(
            "PASSTHROUGH-KEYBOARD",
            55,
            "It is attached to a controller that is passed through whole.",
            "Look which devices hang on that controller.",
        ),
        Cause(
            "GUEST-DEVICE-ABSENT",
            55,
            "The controller that the guest should have is at another address now.",
            "Compare the address in the XML with vfiotui pci.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            35,
            "A controller without a reset does not come back to the host or to the next guest.",
            "Look whether the devices return after a reboot only.",
        ),
        Cause(
            "GROUP-NOT-VIABLE",
            45,
            "The controller shares its group with something that the host drives.",
            "Start the guest with virsh start and read the message.",
        ),
    ),
    by_hand=(
        "Does it need more power than a hub without its own supply gives?",
        "Does it appear with lsusb on the host when the guest is off?",
    ),
    sources="libvirt formatdomain, USB devices; drivers/usb/core/devio.c.",
)

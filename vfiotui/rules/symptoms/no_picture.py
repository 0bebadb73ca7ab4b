"""The guest runs and its screen stays dark."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="no-picture",
    title="The guest runs, but its screen stays dark",
    words=("black screen", "no signal", "no output", "no display", "no video", "tianocore", "blank monitor"),
    causes=(
        Cause(
            "ROM-COPY",
            60,
            "The guest's firmware runs the program from the card's ROM to draw; this card hands out a changed copy.",
            "Boot the host with another card as its display, and start the guest again: a picture now proves it.",
        ),
        Cause(
            "ROM-BROKEN",
            55,
            "Without a readable ROM the guest's firmware cannot draw on the card.",
            "Run vfiotui rom with the card's address while no guest runs.",
        ),
        Cause(
            "GROUP-NOT-VIABLE",
            80,
            "A guest whose card shares its group with a device that the host drives does not start at all.",
            "Start the guest with virsh start: it names the group that is not viable.",
        ),
        Cause(
            "DEVICE-DEAD",
            90,
            "A card that has fallen off the bus shows nothing, whatever the guest does.",
            "Switch the host off, wait, and on again; look whether the device answers then.",
        ),
        Cause(
            "RESET-WEAK",
            35,
            "A card that was not reset after the last guest stays as that guest left it.",
            "Start the guest once right after the host has booted: if it shows a picture only then, this is it.",
        ),
        Cause(
            "ROM-NONE",
            60,
            "A card without a ROM shows nothing until the guest's own driver runs.",
            "Give the guest a second, virtual display and look whether it boots behind the dark screen.",
        ),
        Cause(
            "LARGE-BAR",
            30,
            "Guest firmware with too small a window for 64-bit addresses leaves a card with a large BAR out.",
            "Make the BAR 256 MiB through its resize file before the guest starts, and look again.",
        ),
    ),
    by_hand=(
        "Is the cable in the card that the guest has, and is the monitor switched to that input?",
        "Does the guest still have a virtual display? Then Windows may show everything there.",
        "Is the card given to the guest the one that you mean? vfiotui pci tells each by name.",
    ),
    sources="Arch wiki, PCI passthrough via OVMF (troubleshooting); QEMU documentation of vfio-pci",
)

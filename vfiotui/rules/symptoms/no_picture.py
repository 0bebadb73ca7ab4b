"""No video output in the guest."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="no-picture",
    title="No video output in the guest",
    words=(
        "black screen",
        "no signal",
        "no output",
        "no display",
        "no video",
        "blank monitor",
        "tianocore",
    ),
    causes=(
        Cause(
            "GUEST-DEVICE-ABSENT",
            95,
            "A guest whose card is at another address now does not start, or starts without it.",
            "Compare the address in the guest's XML with vfiotui pci: cards move when another one is plugged in.",
        ),
        Cause(
            "DEVICE-DEAD",
            92,
            "A card that has fallen off the bus shows nothing, whatever the guest does.",
            "Switch the host off, wait, and on again; look whether the device answers then.",
        ),
        Cause(
            "GUEST-BIOS-GPU",
            90,
            "An old BIOS in the guest draws only where the card's ROM fits it and the host's VGA is out of the way.",
            "Make a second guest of the same disk with EFI firmware, and look whether its first screen appears.",
        ),
        Cause(
            "GROUP-NOT-VIABLE",
            88,
            "A guest whose card shares its group with a device that the host drives does not start at all.",
            "Start it with virsh start: the message names the group that is not viable.",
        ),
        Cause(
            "PASSTHROUGH-SLOT-INCOMPLETE",
            80,
            "A card of which the host keeps a function cannot be opened whole.",
            "Bind the remaining functions to vfio-pci and start the guest again.",
        ),
        Cause(
            "GUEST-LOADER-MISSING",
            85,
            "Without its firmware image the guest ends before it draws anything.",
            "Start it with virsh start: QEMU names the file that it cannot open.",
        ),
        Cause(
            "GUEST-ROM-MISSING",
            84,
            "A ROM file that is missing or does not fit leaves the guest's firmware nothing to draw with.",
            "Run vfiotui rom FILE --card BDF: it shows whether the file fits.",
        ),
        Cause(
            "ROM-COPY",
            75,
            "The guest's firmware runs the program in the card's ROM to draw, and this card hands out a changed copy.",
            "Boot the host with another card as its display and start the guest again: output then confirms it.",
        ),
        Cause(
            "ROM-BROKEN",
            70,
            "Without a readable ROM the guest's firmware cannot draw on the card.",
            "Run vfiotui rom with the card's address while no guest runs.",
        ),
        Cause(
            "LOG-BAR",
            78,
            "A card whose memory something else holds stays dark for the guest.",
            "Look below the card's range in /proc/iomem for another name than vfio-pci.",
        ),
        Cause(
            "DEVICE-BAR-FRAMEBUFFER",
            68,
            "The host's boot screen still lies in the memory of the card.",
            "Look into /proc/iomem for BOOTFB or simple-framebuffer while the guest runs.",
        ),
        Cause(
            "ROM-NONE",
            75,
            "A card without a ROM shows nothing until the guest's own driver runs.",
            "Give the guest a virtual display too, and look whether it boots behind the dark screen.",
        ),
        Cause(
            "GUEST-ROM-BAR",
            60,
            "The ROM is hidden from the guest, so its firmware has nothing to draw with.",
            "Take rom bar='off' out of the XML and start it again.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            35,
            "A card that was not reset after the last guest stays as that guest left it.",
            "Start the guest once right after the host has booted: output only then confirms it.",
        ),
        Cause(
            "DEVICE-D3-STUCK",
            60,
            "A card that does not wake from its sleep shows nothing.",
            "Set disable_idle_d3=1 for vfio-pci and boot.",
        ),
        Cause(
            "GUEST-VIRTUAL-VIDEO",
            30,
            "While the guest has a virtual screen, its system may show everything there.",
            "Open the virtual display (virt-viewer) and look whether the desktop is on it.",
        ),
        Cause(
            "GUEST-ADDRESS-LIMIT",
            45,
            "Firmware that places the card's memory where the IOMMU cannot reach makes it useless.",
            "Look for VFIO_MAP_DMA failed in the guest's log below /var/log/libvirt/qemu.",
        ),
        Cause(
            "DEVICE-LARGE-BAR",
            25,
            "Guest firmware with too small a window for 64-bit addresses leaves a card with a large BAR out.",
            "Make the BAR 256 MiB through its resize file before the guest starts, and look again.",
        ),
    ),
    by_hand=(
        "Is the cable in the card that the guest has, and is the monitor switched to that input?",
        "Does the monitor wake up at all when the guest starts? Some cards stay dark without one at start.",
        "Is the card given to the guest the one that you mean? vfiotui pci lists each by name.",
    ),
    sources="Arch wiki, PCI passthrough via OVMF (troubleshooting); QEMU documentation of vfio-pci; drivers/vfio/pci.",
)

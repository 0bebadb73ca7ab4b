"""The kernel says that a BAR cannot be reserved."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="bar-reserve",
    title="The kernel says that a BAR cannot be reserved",
    words=(
        "can't reserve",
        "cannot reserve mem",
        "bar 3",
        "bar 0",
        "bar 1",
        "efifb",
        "bootfb",
        "simpledrm",
    ),
    causes=(
        Cause(
            "DEVICE-BAR-FRAMEBUFFER",
            95,
            "The firmware's framebuffer lies in that BAR, and vfio-pci cannot have what another one holds.",
            "Look into /proc/iomem: the name below the card's range is the holder.",
        ),
        Cause(
            "LOG-BAR",
            80,
            "The kernel has said so, and names the BAR.",
            "Look up the range of the message in /proc/iomem.",
        ),
        Cause(
            "PASSTHROUGH-BOOT-DISPLAY",
            75,
            "The boot display is the card on which the firmware draws its framebuffer.",
            "Make another card the primary display in the firmware setup, and boot.",
        ),
        Cause(
            "DEVICE-IN-USE",
            60,
            "A program on the host still has the card open.",
            "End it, and start the guest again.",
        ),
        Cause(
            "PASSTHROUGH-CONSOLE",
            50,
            "The text console draws on the card.",
            "Unbind it through vtconsole before the guest starts.",
        ),
        Cause(
            "CMDLINE-EFIFB-OFF",
            50,
            "video=efifb:off has no effect where simpledrm draws the boot screen, so the holder is still there.",
            "Look into /proc/fb for who draws.",
        ),
    ),
    by_hand=(
        "Does the message come at every start, or only at the first after boot? The first points to the boot screen.",
    ),
    sources="drivers/vfio/pci/vfio_pci_core.c; drivers/video/aperture.c; drivers/firmware/sysfb.c.",
)

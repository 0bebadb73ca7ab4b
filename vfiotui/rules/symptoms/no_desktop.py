"""X or Wayland does not start since vfio-pci is in use."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="no-desktop",
    title="X or Wayland does not start since vfio-pci is in use",
    words=(
        "xorg",
        "x11",
        "wayland",
        "display manager",
        "no screens found",
        "sddm",
        "gdm",
        "login screen",
        "desktop does not start",
    ),
    causes=(
        Cause(
            "ISO-SAME-ID",
            92,
            "vfio-pci took the host's card too, because it has the same id.",
            "Look which driver each card has in vfiotui pci.",
        ),
        Cause(
            "ISO-BLACKLIST",
            90,
            "The driver of the host's own card is kept from loading.",
            "Load it by hand: modprobe.",
        ),
        Cause(
            "XORG-BUSID",
            88,
            "X is configured to use a card that vfio-pci has, or that is not there.",
            "Read the Xorg log for the BusID that it tries.",
        ),
        Cause(
            "PASSTHROUGH-BOOT-DISPLAY",
            75,
            "The card with the host's screen is the one that is passed through.",
            "Put the cable into the other card.",
        ),
        Cause(
            "PASSTHROUGH-REMOTE-ACCESS",
            60,
            "No card is left that the host could draw on.",
            "Count the display controllers that are not on vfio-pci.",
        ),
        Cause(
            "DEVICE-IN-USE",
            40,
            "A desktop that has opened the guest's card dies when the card is taken from it.",
            "Keep it off: name the host's card in the settings of X or of the compositor.",
        ),
        Cause(
            "LOG-GPU-LOST",
            55,
            "The driver has lost the card.",
            "Read the lines.",
        ),
        Cause(
            "SECURE-BOOT-MODULES",
            50,
            "Secure Boot keeps the driver of the host's card from loading.",
            "Look for module verification in the kernel log.",
        ),
    ),
    by_hand=(
        "Is the monitor's cable in the host's card?",
        "Wayland: does the compositor pick the guest's card? KWIN_DRM_DEVICES and WLR_DRM_DEVICES name one.",
    ),
    sources="xorg.conf(5), BusID; Arch wiki, PCI passthrough via OVMF (X does not start).",
    of_host=True,
)

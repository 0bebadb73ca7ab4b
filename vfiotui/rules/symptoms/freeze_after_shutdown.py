"""The host freezes when the guest shuts down."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="freeze-after-shutdown",
    title="The host freezes when the guest shuts down",
    words=(
        "host hang",
        "host freeze",
        "lockup",
        "soft lockup",
        "host crash after vm",
        "hang on shutdown",
    ),
    causes=(
        Cause(
            "LOG-RESET",
            90,
            "A reset that fails can hang the bus, and with it the host.",
            "Read the lines: they name the card.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            80,
            "A card that cannot be reset by itself is reset with its bus, or not at all, when the guest ends.",
            "Eject the card inside the guest first: if the host lives then, this is it.",
        ),
        Cause(
            "DEVICE-INTX",
            75,
            "A legacy interrupt line (INTx) that no driver serves any more is repeated without end.",
            "Switch the guest's driver to MSI.",
        ),
        Cause(
            "DEVICE-DEAD",
            85,
            "A dead card makes every reader of its registers wait.",
            "Switch the power off and on.",
        ),
        Cause(
            "LOG-AER",
            60,
            "Errors on the link come faster than they can be handled.",
            "Count the lines in the kernel log around the shutdown.",
        ),
        Cause(
            "DEVICE-D3-STUCK",
            60,
            "The card does not come out of its sleep, and its driver waits for it.",
            "Set disable_idle_d3=1 for vfio-pci.",
        ),
        Cause(
            "GROUP-COMPANIONS",
            50,
            "The reset hits functions that the host still uses.",
            "Give all functions of the slot to the guest.",
        ),
        Cause(
            "PASSTHROUGH-DISK",
            70,
            "A disk of the host goes away with the guest's device.",
            "Look which disks hang on the device.",
        ),
        Cause(
            "BOOT-PREVIOUS",
            35,
            "The log of the boot before this one has the kernel's last messages.",
            "Read its last lines; netconsole sends the next ones to another machine.",
        ),
        Cause(
            "GUEST-MANAGED",
            40,
            "libvirt hands the card back to a host driver that cannot take it.",
            "Bind it to vfio-pci at boot, and leave it there.",
        ),
    ),
    by_hand=(
        "Does ping still answer? Then the screen is gone, not the host.",
        "Does it happen only after the guest has run for long? That is a sign of legacy interrupts (INTx).",
    ),
    sources="Arch wiki, PCI passthrough via OVMF (lockup after shutdown); drivers/pci/pci.c.",
    of_host=True,
)

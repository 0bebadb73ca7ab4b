"""The guest does not start a second time."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="no-second-start",
    title="The guest does not start a second time",
    words=(
        "reset bug",
        "restart",
        "reboot guest",
        "second boot",
        "after shutdown",
        "only once",
        "vendor-reset",
        "stuck in d3",
    ),
    causes=(
        Cause(
            "DEVICE-DEAD",
            95,
            "The card has not come back from its reset and answers no more.",
            "Switch the host's power off and on; suspending and waking the host helps some cards.",
        ),
        Cause(
            "LOG-RESET",
            92,
            "The kernel has said that a reset failed.",
            "Read the lines: they name the card and the way of the reset.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            85,
            "A card without a reset of its own keeps the state in which the last guest left it.",
            "Eject the card inside the guest before it shuts down: if the next start works, this is it.",
        ),
        Cause(
            "DEVICE-D3-STUCK",
            80,
            "The card does not wake from the sleep into which it was sent when the guest ended.",
            "Set disable_idle_d3=1 for vfio-pci and boot.",
        ),
        Cause(
            "VFIO-GROUP-IN-USE",
            70,
            "A left-over process still has the group open.",
            "End it and start the guest again.",
        ),
        Cause(
            "PASSTHROUGH-SLOT-INCOMPLETE",
            60,
            "A reset of the whole slot needs all its functions, and the host keeps one.",
            "Bind the remaining functions to vfio-pci.",
        ),
        Cause(
            "GUEST-FUNCTION-MISSING",
            60,
            "A reset of the whole slot needs all its functions in the guest.",
            "Add the missing ones to the XML.",
        ),
        Cause(
            "GROUP-COMPANIONS",
            50,
            "Functions in other groups share the reset, and no single owner has them all.",
            "Give all functions of the slot to the guest.",
        ),
        Cause(
            "LOG-GPU-LOST",
            60,
            "The driver has lost the card when it came back from the guest.",
            "Do not hand the card back to the host between two guests.",
        ),
        Cause(
            "MEM-POOL-SHORT",
            50,
            "Huge pages that the first start had are not free at the second.",
            "Compare the pool on the Memory screen before and after.",
        ),
        Cause(
            "MEM-SHORT",
            45,
            "There is no memory left to pin.",
            "Look at the Memory screen.",
        ),
    ),
    by_hand=(
        "Is the card from AMD (Polaris, Vega, Navi 1x)? The module vendor-reset is made for these.",
        "Does it start again after the host was suspended and woken? Then it is the reset.",
    ),
    sources="drivers/pci/pci.c pci_reset_fn_methods; drivers/vfio/pci/vfio_pci_core.c; gnif/vendor-reset.",
)

"""The host stays black after the reboot."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="black-host",
    title="The host stays black after the reboot",
    words=(
        "no boot screen",
        "black after reboot",
        "headless",
        "lost console",
        "luks prompt",
        "boots to black",
    ),
    causes=(
        Cause(
            "ISO-SAME-ID",
            92,
            "vfio-pci takes every card with the id, the host's too.",
            "Log in over ssh and look which driver each card has.",
        ),
        Cause(
            "PASSTHROUGH-BOOT-DISPLAY",
            85,
            "The card on which the host boots is bound to vfio-pci: the console ends there.",
            "Make another card the primary display in the firmware setup.",
        ),
        Cause(
            "ISO-BLACKLIST",
            80,
            "The driver of the host's card is blacklisted.",
            "Load it by hand over ssh.",
        ),
        Cause(
            "CMDLINE-EFIFB-OFF",
            45,
            "With video=efifb:off the host shows nothing until a driver of its own draws.",
            "Take the word away at the boot menu.",
        ),
        Cause(
            "PASSTHROUGH-REMOTE-ACCESS",
            55,
            "No display and no login are left.",
            "Plug in a second card, or switch ssh on from a rescue system.",
        ),
        Cause(
            "PASSTHROUGH-DISK",
            85,
            "The disk from which the host boots is passed through, so it never gets to a screen.",
            "Boot with module_blacklist=vfio_pci.",
        ),
        Cause(
            "PASSTHROUGH-KEYBOARD",
            35,
            "The host is up, and its keyboard is gone with the USB controller.",
            "Log in over ssh.",
        ),
        Cause(
            "ISO-STALE-IMAGE",
            30,
            "The initramfs still holds an older choice of devices.",
            "Rebuild it and boot again.",
        ),
        Cause(
            "CMDLINE-PENDING",
            25,
            "The command line that runs is not the configured one.",
            "Compare both on the Host screen.",
        ),
    ),
    by_hand=(
        "At the boot menu: add module_blacklist=vfio_pci to the kernel's line; the host then has all its cards.",
        "Does it answer to ssh or ping? Then only the display is gone.",
        "From a rescue system: vfiotui --root /mnt doctor --symptom black-host.",
    ),
    sources="drivers/vfio/pci/vfio_pci.c (ids); kernel-parameters.txt; drivers/video/aperture.c.",
    of_host=True,
)

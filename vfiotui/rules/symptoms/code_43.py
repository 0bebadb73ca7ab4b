"""Code 43 in Windows Device Manager."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="code-43",
    title="Code 43 in Windows Device Manager",
    words=(
        "error 43",
        "code43",
        "driver stopped",
        "nvidia driver",
        "system thread exception not handled",
    ),
    causes=(
        Cause(
            "ROM-COPY",
            85,
            "NVIDIA's driver reads the card's ROM and stops where the host's firmware has changed it.",
            "Give the guest a ROM file that was read while another card was the boot display.",
        ),
        Cause(
            "ROM-BROKEN",
            80,
            "A driver that cannot make sense of the card's ROM stops.",
            "Run vfiotui rom with the card's address while no guest runs.",
        ),
        Cause(
            "GUEST-ROM-MISSING",
            80,
            "The driver finds the ROM of another card, or one without an EFI image.",
            "Run vfiotui rom FILE --card BDF.",
        ),
        Cause(
            "LOG-BAR",
            78,
            "A card whose memory could not be reserved does not work for the driver.",
            "Look into the kernel log right after the start for can't reserve.",
        ),
        Cause(
            "DEVICE-BAR-FRAMEBUFFER",
            70,
            "The boot screen of the host still holds a part of the card's memory.",
            "Look into /proc/iomem for BOOTFB below the card.",
        ),
        Cause(
            "PASSTHROUGH-SLOT-INCOMPLETE",
            72,
            "The driver wants the whole card; a function stayed with the host.",
            "Bind the remaining functions to vfio-pci.",
        ),
        Cause(
            "GUEST-FUNCTION-MISSING",
            72,
            "The driver wants the whole card, its sound function too.",
            "Add the missing functions to the guest's XML.",
        ),
        Cause(
            "DEVICE-D3-STUCK",
            66,
            "A card that sleeps in D3 does not answer its driver.",
            "Set disable_idle_d3=1 for vfio-pci and boot.",
        ),
        Cause(
            "GUEST-BIOS-GPU",
            62,
            "Without EFI firmware in the guest the card is initialised in the old way, on which newer drivers stop.",
            "Boot the guest's disk with EFI firmware.",
        ),
        Cause(
            "GUEST-VENDOR-ID",
            64,
            "Drivers before 465 stop when they see a hypervisor; the vendor_id here hides nothing.",
            "Look at the driver's version in Windows: from 465 on hiding is not needed.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            45,
            "A card that was not reset comes to the driver in the state of the last guest.",
            "Boot the host and start the guest first: if Code 43 is gone then, this is it.",
        ),
        Cause(
            "GUEST-CPU-MODE",
            35,
            "Some drivers stop on processors that they do not know.",
            "Set host-passthrough and start again.",
        ),
        Cause(
            "GUEST-KVM-HIDDEN",
            10,
            "Hiding is set up already; what is left of it costs speed and helps with old drivers only.",
            "Look at the driver's version in Windows.",
        ),
        Cause(
            "DEVICE-LARGE-BAR",
            25,
            "Old guest firmware gives a large BAR no place.",
            "Make the BAR 256 MiB through its resize file before the guest starts.",
        ),
    ),
    by_hand=(
        "Which version has the driver in Windows? Before 465 (2021) it refused every guest on purpose.",
        "Was the driver reinstalled after the card was moved? Old ones remember another slot.",
        "Is it a laptop? Its driver may look for a battery and for a ROM in the ACPI tables.",
    ),
    sources="Arch wiki, PCI passthrough via OVMF (Error 43); NVIDIA driver 465, release notes.",
)

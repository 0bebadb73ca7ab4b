"""Sound over HDMI crackles or falls behind."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="crackling-audio",
    title="Sound over HDMI crackles or falls behind",
    words=(
        "hdmi audio",
        "crackling",
        "audio stutter",
        "sound",
        "noise",
        "audio out of sync",
    ),
    causes=(
        Cause(
            "DEVICE-INTX",
            90,
            "Legacy interrupts (INTx) come late and are shared: sound is what suffers first.",
            "Look in Windows' device manager for a negative interrupt number: that is MSI.",
        ),
        Cause(
            "AUDIO-SOCKET",
            55,
            "Emulated sound that does not reach the host's sound server breaks up or is silent.",
            "Look into the guest's log for the sound backend's message.",
        ),
        Cause(
            "PIN-EMULATOR",
            55,
            "QEMU's own threads, which carry emulated sound, fight with the vCPUs for the same cores.",
            "Pin the emulator elsewhere and listen again.",
        ),
        Cause(
            "IRQ-ON-VCPU",
            50,
            "The host's interrupts hold up vCPUs for moments that are heard.",
            "Watch the delay of the vCPUs on the Live screen while it crackles.",
        ),
        Cause(
            "CPU-FREQ-GOVERNOR",
            45,
            "Processors that are slow to speed up miss the sound card's deadlines.",
            "Set the governor to performance for a minute and listen.",
        ),
        Cause(
            "CPU-CSTATE-DEEP",
            45,
            "A deep sleep of a vCPU's processor is longer than a buffer of sound.",
            "Hold /dev/cpu_dma_latency open at 0 for a minute and listen.",
        ),
        Cause(
            "GUEST-HYPERVCLOCK",
            45,
            "Without Hyper-V's clock Windows asks slow timers all the time.",
            "Add the timer and listen again.",
        ),
        Cause(
            "GUEST-HPET",
            30,
            "With an HPET Windows prefers it, and each read of it is a VM exit.",
            "Switch it off and listen again.",
        ),
        Cause(
            "GUEST-QEMU-AUDIO",
            60,
            "The variables that chose the sound backend are gone since QEMU 8.2.",
            "Look into the guest's log: it plays to another backend or none.",
        ),
        Cause(
            "PIN-PARTIAL",
            35,
            "vCPUs that wander lose time at every move.",
            "Pin them all and listen again.",
        ),
    ),
    by_hand=(
        "Is MSI on for the sound function as well as for the video function? Windows keeps a setting for each.",
        "Does sound of the same monitor play clean on the host? Then cable and monitor are fine.",
    ),
    sources="Arch wiki, PCI passthrough via OVMF (HDMI audio); drivers/vfio/pci/vfio_pci_intrs.c.",
)

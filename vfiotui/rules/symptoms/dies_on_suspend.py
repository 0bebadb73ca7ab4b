"""Host crashes on suspend while a guest runs."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="dies-on-suspend",
    title="Host crashes on suspend while a guest runs",
    words=(
        "suspend",
        "sleep",
        "hibernate",
        "wake",
        "resume",
        "standby",
        "s3",
    ),
    causes=(
        Cause(
            "HOST-SLEEP",
            90,
            "A guest with devices of the host does not live through the host's sleep, and takes the host with it.",
            "Run systemd-inhibit --list while the guest runs: no entry blocks sleep.",
        ),
        Cause(
            "HOOK-NOT-RUN",
            75,
            "A hook that keeps the host awake is there, and libvirt cannot run it.",
            "Run systemd-inhibit --list while the guest runs.",
        ),
        Cause(
            "HOOK-CALLS-VIRSH",
            50,
            "A hook that waits for libvirt, which waits for the hook, never returns.",
            "Stop the guest and look whether libvirt hangs.",
        ),
        Cause(
            "DEVICE-D3-STUCK",
            55,
            "A card that does not wake from D3 does not wake with the host either.",
            "Put the host to sleep without a guest.",
        ),
        Cause(
            "DEVICE-RESET-WEAK",
            35,
            "After waking the card would need a reset that it does not have.",
            "Put the host to sleep without a guest, and start it after.",
        ),
        Cause(
            "BOOT-PREVIOUS",
            30,
            "The log of the boot before this one has the kernel's last messages.",
            "Read its last lines.",
        ),
    ),
    by_hand=("Does the host wake without a running guest? If not, it is no matter of passthrough.",),
    sources="libvirt hooks; systemd-inhibit(1); Arch wiki, PCI passthrough via OVMF (suspend).",
    of_host=True,
)

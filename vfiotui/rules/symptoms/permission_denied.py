"""libvirt or QEMU says permission denied."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="permission-denied",
    title="libvirt or QEMU says permission denied",
    words=(
        "permission",
        "access denied",
        "cannot open",
        "could not open",
        "operation not permitted",
        "apparmor",
        "selinux",
        "virt-manager",
    ),
    causes=(
        Cause(
            "ACCESS-PATH",
            92,
            "QEMU's user cannot walk the folders to the file.",
            "Try it as that user: sudo -u libvirt-qemu head -c1 FILE.",
        ),
        Cause(
            "LOG-DENIED",
            88,
            "AppArmor or SELinux has refused it, and says what.",
            "Read the lines: they name the path and the profile.",
        ),
        Cause(
            "KVM-DEVICE",
            80,
            "QEMU cannot open /dev/kvm.",
            "Look at the rights of /dev/kvm.",
        ),
        Cause(
            "ACCESS-USER-GROUPS",
            70,
            "Who is not in the group libvirt is refused by the daemon's socket.",
            "Run id, and virsh -c qemu:///system list.",
        ),
        Cause(
            "GUEST-DISK-MISSING",
            60,
            "What is not there is sometimes reported as refused.",
            "Look for the file.",
        ),
        Cause(
            "GUEST-ROM-MISSING",
            60,
            "A ROM file that cannot be read ends the start.",
            "Look for the file.",
        ),
        Cause(
            "ACCESS-QEMU-USER",
            40,
            "QEMU runs as another user than its files belong to.",
            "Compare user in qemu.conf with the owner of the files.",
        ),
        Cause(
            "AUDIO-SOCKET",
            45,
            "The sound server's socket belongs to a user, and QEMU is another one.",
            "Look into the guest's log for the sound backend's message.",
        ),
        Cause(
            "KVMFR-FILE",
            55,
            "A plain file lies where the device /dev/kvmfr0 should be.",
            "Look at it with ls -l.",
        ),
        Cause(
            "LG-FILE",
            45,
            "The file in /dev/shm belongs to another user, or has another size.",
            "Look at it with ls -l.",
        ),
        Cause(
            "SECURITY-LOCKDOWN",
            40,
            "Kernel lockdown refuses what passthrough needs.",
            "Read /sys/kernel/security/lockdown.",
        ),
        Cause(
            "SECURITY-OFF",
            10,
            "Confinement is switched off, so it is not what refuses.",
            "Look at security_driver in qemu.conf.",
        ),
    ),
    by_hand=(
        "Which path does the message name? Try to read that as QEMU's user.",
        "Was the user added to the group just now? It takes a new login.",
    ),
    sources="libvirt drvqemu, security; qemu.conf; apparmor(7).",
)

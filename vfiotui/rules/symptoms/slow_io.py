"""Disk or network of the guest is slow."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="slow-io",
    title="Disk or network of the guest is slow",
    words=(
        "slow disk",
        "slow network",
        "disk speed",
        "iops",
        "io",
        "virtio",
        "copy slow",
    ),
    causes=(
        Cause(
            "GUEST-DISK-BUS",
            72,
            "An emulated disk controller causes a VM exit for every request.",
            "Measure with a virtio disk beside it.",
        ),
        Cause(
            "GUEST-NATIVE-CACHE",
            75,
            "Native I/O through the page cache does not start, or copies everything twice.",
            "Set cache='none' and measure again.",
        ),
        Cause(
            "GUEST-BLOCK-DRIVER",
            48,
            "A second cache on the host copies every block once more.",
            "Set cache='none' and io='native' and measure again.",
        ),
        Cause(
            "PIN-IOTHREADS",
            65,
            "iothreads wait for the vCPUs on whose cores they run.",
            "Watch the iothreads on the Live screen while a file is copied.",
        ),
        Cause(
            "PIN-EMULATOR",
            60,
            "QEMU's own thread serves disks and network, and waits for the vCPUs.",
            "Watch the emulator on the Live screen while a file is copied.",
        ),
        Cause(
            "GUEST-IOTHREAD-UNUSED",
            40,
            "An iothread is there and no disk uses it.",
            "Name it at the disk's driver and measure again.",
        ),
        Cause(
            "GUEST-IOTHREAD-ID",
            60,
            "The disk names an iothread that does not exist.",
            "Start the guest with virsh start and read the message.",
        ),
        Cause(
            "PIN-HELPERS-ISOLATED",
            62,
            "QEMU's helpers are all on one isolated CPU, because nothing is balanced there.",
            "Watch them on the Live screen.",
        ),
        Cause(
            "DEVICE-LINK-WIDTH",
            30,
            "A disk or card on few lanes waits for its data.",
            "Compare the link on the Host screen.",
        ),
        Cause(
            "LOG-AER",
            50,
            "Errors on the link are repeated transfers.",
            "Count the lines in the kernel log.",
        ),
        Cause(
            "LOG-DMAR",
            45,
            "Refused transfers are repeated or lost.",
            "Read the lines.",
        ),
        Cause(
            "LOG-AMD-VI",
            45,
            "Refused transfers are repeated or lost.",
            "Read the lines.",
        ),
        Cause(
            "IRQ-ON-VCPU",
            40,
            "The host's disk and network interrupts land on vCPUs.",
            "Watch interrupts by CPU on the Live screen.",
        ),
    ),
    by_hand=(
        "Is the guest's network card of the model virtio, and is its driver installed in Windows?",
        "Is the image sparse, on a file system with copy-on-write? Measure a raw disk beside it.",
    ),
    sources="libvirt formatdomain, disks and iothreads; QEMU documentation, virtio.",
)

"""The guest uses one core only."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="one-core",
    title="The guest uses one core only",
    words=(
        "single core",
        "only one cpu",
        "1 core",
        "cpu count",
        "one processor",
        "windows sees 1 cpu",
    ),
    causes=(
        Cause(
            "GUEST-CPU-SOCKETS",
            90,
            "Windows for desktops uses one or two sockets, however many vCPUs there are.",
            "Count sockets in Windows' task manager.",
        ),
        Cause(
            "GUEST-CPU-TOPOLOGY",
            85,
            "A topology with fewer places than vCPUs hides the rest, or the guest does not start.",
            "Multiply sockets, dies, cores and threads of the XML.",
        ),
        Cause(
            "PIN-OVERLAP",
            55,
            "Several vCPUs on one processor are no faster than one.",
            "Watch the processors on the Live screen while the guest works.",
        ),
        Cause(
            "ISOLATION-UNUSED",
            45,
            "Threads that are not pinned one by one all stay on the first isolated CPU.",
            "Look at the Live screen: do all vCPUs run on one CPU?",
        ),
        Cause(
            "PIN-UNPINNED-ISOLATED",
            45,
            "Older libvirt lets QEMU start on isolated CPUs, between which nothing is balanced.",
            "Look at the Live screen: do all vCPUs run on one CPU?",
        ),
        Cause(
            "PIN-OFFLINE",
            50,
            "A vCPU that is pinned to a CPU that is off cannot run.",
            "Start the guest with virsh start and read the message.",
        ),
        Cause(
            "PIN-UNUSED",
            40,
            "Fewer vCPUs are switched on than there are pins for.",
            "Compare current with the number of vCPUs in the XML.",
        ),
        Cause(
            "GUEST-CPU-TOPOEXT",
            40,
            "An AMD guest with threads and without topoext shows its threads as nothing.",
            "Compare cores and logical processors in Windows' task manager.",
        ),
    ),
    by_hand=("In Windows: msconfig, Boot, Advanced: is the number of processors limited there?",),
    sources="Arch wiki, PCI passthrough via OVMF (one core); libvirt formatdomain, cpu topology.",
)

"""Games stutter, or DPC latency in Windows is high."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="stutter",
    title="Games stutter, or DPC latency in Windows is high",
    words=(
        "dpc",
        "latency",
        "lag",
        "micro stutter",
        "stuttering",
        "frame drops",
        "slow game",
        "latencymon",
    ),
    causes=(
        Cause(
            "CPU-SPLIT-LOCK",
            88,
            "The kernel slows every split lock of the guest down to a crawl.",
            "Look for split_lock in the kernel log while it stutters.",
        ),
        Cause(
            "PIN-OVERLAP",
            86,
            "Two guests share a processor, and each waits while the other runs.",
            "Stop the other guest and play.",
        ),
        Cause(
            "PIN-SIBLINGS",
            72,
            "The guest takes two threads of one core for two cores, and overloads it.",
            "Pin pairs to pairs, and watch the Live screen.",
        ),
        Cause(
            "PIN-EMULATOR",
            74,
            "QEMU's own threads run on the vCPUs' cores whenever there is I/O.",
            "Watch who steals time on the Live screen.",
        ),
        Cause(
            "PIN-PARTIAL",
            72,
            "vCPUs that may wander lose time at every move, and with it their caches.",
            "Watch the migrations on the Live screen.",
        ),
        Cause(
            "IRQ-ON-VCPU",
            70,
            "The host's interrupts stop vCPUs again and again.",
            "Watch interrupts by CPU on the Live screen.",
        ),
        Cause(
            "PIN-L3-SPREAD",
            62,
            "Threads of one game talk through memory instead of one cache.",
            "Pin all vCPUs into one level 3 cache and compare.",
        ),
        Cause(
            "PIN-SHARED-CORE",
            55,
            "The host works on the other thread of a vCPU's core.",
            "Watch the delay of the vCPUs on the Live screen.",
        ),
        Cause(
            "PIN-HYBRID",
            62,
            "The guest cannot know which of its vCPUs are slow ones.",
            "Pin fast cores only and compare.",
        ),
        Cause(
            "PIN-NODE",
            58,
            "Memory or card hang on another processor than the vCPUs.",
            "Keep CPUs, memory and card on one node.",
        ),
        Cause(
            "CPU-FREQ-GOVERNOR",
            66,
            "Processors that save power speed up late.",
            "Set the governor to performance for a minute and play.",
        ),
        Cause(
            "CPU-FREQ-LIMIT",
            60,
            "A limit keeps the vCPUs' processors slow.",
            "Watch the frequency on the Live screen.",
        ),
        Cause(
            "CPU-CSTATE-DEEP",
            45,
            "Waking from a deep sleep takes longer than a frame may.",
            "Hold /dev/cpu_dma_latency open at 0 for a minute and play.",
        ),
        Cause(
            "GUEST-HYPERVCLOCK",
            66,
            "Without Hyper-V's clock Windows asks slow timers all the time.",
            "Add the timer and measure again.",
        ),
        Cause(
            "GUEST-HYPERV-SET",
            60,
            "Windows without these enlightenments causes VM exits that it could avoid.",
            "Add the set and measure again.",
        ),
        Cause(
            "GUEST-HPET",
            40,
            "With an HPET Windows prefers it, and each read of it is a VM exit.",
            "Switch it off and measure again.",
        ),
        Cause(
            "DEVICE-INTX",
            58,
            "Legacy interrupts (INTx) are slow and shared.",
            "Switch the guest's driver to MSI and measure again.",
        ),
        Cause(
            "GUEST-CPU-TOPOLOGY",
            40,
            "Windows schedules by the topology that it is shown.",
            "Show it the cores and threads that it has.",
        ),
        Cause(
            "GUEST-CPU-TOPOEXT",
            52,
            "The guest takes the second threads for cores.",
            "Require topoext and compare.",
        ),
        Cause(
            "MEM-THP-OFF",
            48,
            "Memory in small pages costs the guest many walks through the page tables.",
            "Look at the share of huge pages on the Memory screen.",
        ),
        Cause(
            "MEM-KSM",
            20,
            "KSM searches memory that it can never share.",
            "Stop it and watch its processor time.",
        ),
        Cause(
            "SCRIPT-CHRT-QEMU",
            60,
            "A realtime class for all of QEMU starves the kernel's own threads on these CPUs.",
            "Start the guest without chrt.",
        ),
        Cause(
            "KVM-NPT-OFF",
            80,
            "Without nested paging every change of a page table is a VM exit.",
            "Take npt=0 away and boot.",
        ),
        Cause(
            "GUEST-BALLOON",
            25,
            "A balloon cannot take pinned memory back; its traffic is for nothing.",
            "Set it to none.",
        ),
        Cause(
            "KVM-HALT-POLL",
            30,
            "Without polling every short wait of a vCPU costs a sleep and a wake-up.",
            "Set halt_poll_ns to 200000 and compare.",
        ),
        Cause(
            "DEVICE-LINK-WIDTH",
            25,
            "A card on few lanes waits for its data.",
            "Compare the link on the Host screen while a game runs: idle cards slow down by themselves.",
        ),
    ),
    by_hand=(
        "Does it stutter at the same places on bare metal? Then it is not the guest.",
        "Which driver does LatencyMon name? Network and storage drivers point to the emulated device behind them.",
        "Is V-Sync or a capture program (Looking Glass, OBS) part of it?",
    ),
    sources="Arch wiki, PCI passthrough via OVMF; QEMU documentation, Hyper-V; arch/x86/kernel/cpu/bus_lock.c.",
)

"""The guest is slow: its processors run below their speed."""

from __future__ import annotations

from vfiotui.rules.symptoms.symptom import Cause, Symptom

SYMPTOM = Symptom(
    name="slow-guest",
    title="The guest is slow: low clock, low frame rate",
    words=(
        "slow guest",
        "slow vm",
        "low fps",
        "low frame rate",
        "low clock",
        "frequency",
        "throttling",
        "slow on battery",
    ),
    causes=(
        Cause(
            "CPU-THROTTLED",
            78,
            "A processor that is too hot drops to some hundred MHz.",
            "Watch frequency and temperature on the Live screen under load.",
        ),
        Cause(
            "CPU-POWER-LIMIT",
            76,
            "A package at its power limit lowers the frequency of all cores.",
            "Write the maximum into the limit and measure again.",
        ),
        Cause(
            "CPU-FREQ-LIMIT",
            76,
            "A limit below the top frequency holds under any load.",
            "Watch the frequency on the Live screen: it stops at the limit.",
        ),
        Cause(
            "CPU-PLATFORM-PROFILE",
            74,
            "A quiet profile of the firmware caps power, whatever the governor asks for.",
            "Choose performance for a minute and measure again.",
        ),
        Cause(
            "CPU-COOLING",
            72,
            "Idle injection and passive cooling take time away from every CPU.",
            "Watch cur_state of the cooling device while the guest works.",
        ),
        Cause(
            "CPU-BATTERY",
            70,
            "On battery firmware and drivers lower power and frequency.",
            "Connect the power supply and measure again.",
        ),
        Cause(
            "CPU-FREQ-BOOST",
            68,
            "Without boost the processor stays at its base frequency.",
            "Switch boost on and measure again.",
        ),
        Cause(
            "CPU-FREQ-GOVERNOR",
            60,
            "A governor or preference that saves power speeds up late.",
            "Set performance for a minute and measure again.",
        ),
        Cause(
            "CPU-FREQ-DAEMONS",
            30,
            "Two programs overwrite each other's settings.",
            "Look at the governor again some minutes after the guest has started.",
        ),
        Cause(
            "KVM-NPT-OFF",
            80,
            "Without nested paging every change of a page table is a VM exit.",
            "Take npt=0 away and boot.",
        ),
        Cause(
            "GUEST-CPU-MODE",
            50,
            "A guest without the host's processor model lacks its instructions.",
            "Pass the host's model through and measure again.",
        ),
        Cause(
            "MEM-THP-OFF",
            40,
            "Memory in small pages costs the guest many walks through the page tables.",
            "Look at the share of huge pages on the Memory screen.",
        ),
    ),
    by_hand=(
        "Is the same program as slow on the host itself? Then it is not the guest.",
        "Does the graphics card reach its clock and power in the guest's own tools?",
        "Is it slow under load only, or from the first minute? Heat and power limits need load.",
    ),
    sources="Linux admin-guide, cpufreq, intel_pstate and thermal; power/powercap; ABI, platform_profile.",
)

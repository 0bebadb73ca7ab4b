"""Machines that run badly: slow, noisy, narrow, greedy."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import CLEAN, INTEL, WORDS, guest
from vfiotui.demo.description import GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml

CPUS = "/sys/devices/system/cpu"
WHERE = ("core", "package")
SUPPLY, ZONE, COOLING = "/sys/class/power_supply", "/sys/class/powercap/intel-rapl:0", "/sys/class/thermal"
HOT = {
    "/sys/firmware/acpi/platform_profile": "quiet\n",
    "/sys/firmware/acpi/platform_profile_choices": "quiet balanced performance\n",
    f"{SUPPLY}/BAT0/type": "Battery\n",
    f"{SUPPLY}/BAT0/status": "Discharging\n",
    f"{SUPPLY}/ADP1/type": "Mains\n",
    f"{SUPPLY}/ADP1/online": "0\n",
    f"{COOLING}/cooling_device0/type": "Fan\n",
    f"{COOLING}/cooling_device0/cur_state": "1\n",
    f"{COOLING}/cooling_device0/max_state": "1\n",
    f"{COOLING}/cooling_device9/type": "intel_powerclamp\n",
    f"{COOLING}/cooling_device9/cur_state": "30\n",
    f"{COOLING}/cooling_device9/max_state": "50\n",
    f"{ZONE}/name": "package-0\n",
    f"{ZONE}/enabled": "1\n",
    f"{ZONE}/constraint_0_name": "long_term\n",
    f"{ZONE}/constraint_0_power_limit_uw": "6000000\n",
    f"{ZONE}/constraint_0_max_power_uw": "28000000\n",
}
"""A laptop that everything holds back."""
LAZY_PARAMETERS = {"kvm.halt_poll_ns": "0"}
BUSY_NIC = PciDesc("0000:03:00.0", 0x8086, 0x1539, 0x020000, 10, "igb", "0000:00:01.0", msi=4, rate=900.0)
BUSY_DISK = PciDesc("0000:04:00.0", 0x144D, 0xA808, 0x010802, 11, "nvme", "0000:00:01.0", msi=4, rate=300.0)

HOSTS: dict[str, Host] = {
    "lazy": replace(
        CLEAN,
        cpu=replace(
            CLEAN.cpu,
            preference="power",
            limit_khz=2200000,
            boost=False,
            idle=(("POLL", 0), ("C1", 1), ("C2", 18), ("C3", 350)),
        ),
        parameters=LAZY_PARAMETERS,
        enabled=("ssh", "tlp", "power-profiles-daemon"),
        defrag="defer",
        files={**CLEAN.files, "/etc/modprobe.d/kvm.conf": "options kvm_amd avic=0\n"},
    ),
    "hot-laptop": replace(
        INTEL,
        guests=CLEAN.guests,
        files={
            **INTEL.files,
            **HOT,
            **{f"{CPUS}/cpu{c}/thermal_throttle/{w}_throttle_count": "48211\n" for c in range(8) for w in WHERE},
        },
    ),
    "cool-laptop": replace(
        INTEL,
        guests=CLEAN.guests,
        files={
            **INTEL.files,
            **HOT,
            "/sys/firmware/acpi/platform_profile": "balanced\n",
            f"{SUPPLY}/BAT0/status": "Full\n",
            f"{SUPPLY}/ADP1/online": "1\n",
            f"{COOLING}/cooling_device9/cur_state": "-1\n",
            f"{ZONE}/constraint_0_power_limit_uw": "28000000\n",
            **{f"{CPUS}/cpu{c}/thermal_throttle/{w}_throttle_count": "0\n" for c in range(8) for w in WHERE},
        },
    ),
    "lazy-acpi": replace(CLEAN, cpu=replace(CLEAN.cpu, scaling="acpi-cpufreq", governor="powersave", preference="")),
    "noisy": replace(CLEAN, pci=(*CLEAN.pci, BUSY_NIC, BUSY_DISK)),
    "old-groups": replace(
        CLEAN,
        files={**CLEAN.files, "/sys/fs/cgroup/cpuset/cpuset.cpus": "0-7\n"},
        remove=("/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/machine.slice"),
    ),
    "narrow-slice": replace(CLEAN, machine_cpus="0-4"),
    "greedy": replace(
        CLEAN,
        huge_2m=(15000, 15000),
        cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} hugepages=16 hugepagesz=1G",
        default_cmdline="quiet hugepages=16 hugepagesz=1G",
    ),
    "no-hugetlbfs": replace(
        CLEAN,
        hugetlbfs="",
        huge_2m=(4096, 4096),
        guests=(
            GuestDesc(
                "paged",
                guest_xml("paged", "00000000-0000-4000-8000-0000000000bb", memory_gib=4, pins=(4, 5), huge=True),
            ),
        ),
    ),
    "quiet": replace(CLEAN, guests=(guest("quiet", (4, 5), 200),)),
}

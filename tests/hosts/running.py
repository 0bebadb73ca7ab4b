"""Machines that run badly: slow, noisy, narrow, greedy."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import CLEAN, WORDS, guest
from vfiotui.demo.description import GuestDesc, Host, PciDesc
from vfiotui.demo.guest_xml import guest_xml

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

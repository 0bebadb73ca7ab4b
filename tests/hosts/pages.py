"""Machines whose pages are not those of x86, and those whose sizes of transparent huge pages differ."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.base import CLEAN
from vfiotui.demo.description import Host

POOLS = "/sys/kernel/mm/hugepages"
NODE_POOLS = "/sys/devices/system/node/node0/hugepages"
THP = "/sys/kernel/mm/transparent_hugepage"
X86_ONLY = ("/sys/firmware/acpi", "/sys/class/dmi", "/sys/devices/system/cpu/intel_pstate")
COUNTS = ("nr_hugepages", "free_hugepages", "resv_hugepages", "surplus_hugepages", "nr_overcommit_hugepages")
ARM_CPU = (
    "BogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
    "CPU variant\t: 0x4\nCPU part\t: 0xd0b\nCPU revision\t: 1\n"
)
POWER_CPU = "cpu\t\t: POWER8 (raw), altivec supported\nclock\t\t: 3491.000000MHz\nrevision\t: 2.0 (pvr 004d 0200)\n"


def cpuinfo(block: str, end: str) -> str:
    """The eight processors of the machine, and what stands after them."""
    return "\n".join(f"processor\t: {n}\n{block}" for n in range(8)) + end


def pools(*sizes: int) -> dict[str, str]:
    """Empty pools of some sizes in KiB, of the host and of its node."""
    return {f"{f}/hugepages-{s}kB/{n}": "0\n" for f in (POOLS, NODE_POOLS) for s in sizes for n in COUNTS}


def without(*sizes: int) -> tuple[str, ...]:
    """The built pools that this machine has not got."""
    return tuple(f"{folder}/hugepages-{s}kB" for folder in (POOLS, NODE_POOLS) for s in sizes)


def meminfo(default_kib: int) -> str:
    """16 GiB, most of it free."""
    return (
        "MemTotal:       16777216 kB\nMemFree:        12582912 kB\nMemAvailable:   14680064 kB\n"
        "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n"
        f"Hugepagesize:   {default_kib:>8} kB\nHugetlb:               0 kB\n"
    )


def buddyinfo(zone: str, *free: int) -> str:
    """One zone, by order."""
    return f"Node 0, zone {zone:>8} {' '.join(f'{count:>6}' for count in free)} \n"


def enabled(kib: int, word: str) -> dict[str, str]:
    """The word of one size."""
    words = " ".join(f"[{w}]" if w == word else w for w in ("always", "inherit", "madvise", "never"))
    return {f"{THP}/hugepages-{kib}kB/enabled": f"{words}\n"}


def plain(host: Host, **files: str) -> Host:
    """The machine with more files."""
    return replace(host, files={**host.files, **files})


HOSTS: dict[str, Host] = {
    "arm-16k": replace(
        plain(
            CLEAN,
            **{"/proc/cpuinfo": cpuinfo(ARM_CPU, "\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n")},
            **{"/proc/meminfo": meminfo(32768), f"{THP}/hpage_pmd_size": f"{32 << 20}\n"},
            **{"/proc/buddyinfo": buddyinfo("DMA", 90, 80, 70, 60, 50, 40, 30, 20, 10, 4, 3, 200)},
            **pools(2048, 32768, 1 << 20),
            **enabled(32768, "inherit"),
        ),
        remove=(*X86_ONLY, f"{THP}/hugepages-2048kB"),
    ),
    "arm-64k": replace(
        plain(
            CLEAN,
            **{"/proc/cpuinfo": cpuinfo(ARM_CPU, ""), "/proc/meminfo": meminfo(524288)},
            **{"/proc/buddyinfo": buddyinfo("Normal", *[9] * 13, 20), f"{THP}/hpage_pmd_size": f"{512 << 20}\n"},
            **pools(2048, 524288, 16 << 20),
        ),
        remove=(*X86_ONLY, *without(1 << 20), f"{THP}/hugepages-2048kB"),
    ),
    "power-64k": replace(
        plain(
            CLEAN,
            **{"/proc/cpuinfo": cpuinfo(POWER_CPU, "\ntimebase\t: 512000000\nplatform\t: PowerNV\nMMU\t\t: Hash\n")},
            **{"/proc/meminfo": meminfo(16384), f"{THP}/hpage_pmd_size": f"{16 << 20}\n"},
            **{"/proc/buddyinfo": buddyinfo("Normal", 100, 90, 80, 70, 60, 50, 40, 30, 600)},
            **pools(16384, 16 << 20),
        ),
        remove=(*X86_ONLY, *without(2048, 1 << 20), f"{THP}/hugepages-2048kB"),
    ),
    "thp-64k-only": replace(plain(CLEAN, **enabled(64, "always"), **enabled(2048, "inherit")), thp="never"),
    "thp-2m-over-never": replace(plain(CLEAN, **enabled(2048, "always")), thp="never"),
}

"""Hosts that are no physical x86 machine of today: containers, WSL, virtual machines, Xen, boards, old kernels."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.hosts.base import CLEAN, INTEL
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host, ProcessDesc

FIRMWARE = ("/sys/firmware/acpi", "/sys/firmware/efi", "/sys/class/dmi")
FEATURES = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics"
ARM = "\n".join(
    f"processor\t: {n}\nBogoMIPS\t: 108.00\nFeatures\t: {FEATURES}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
    "CPU variant\t: 0x4\nCPU part\t: 0xd0b\nCPU revision\t: 1\n"
    for n in range(4)
)
RISCV = "\n".join(
    f"processor\t: {n}\nhart\t\t: {n}\nisa\t\t: rv64imafdch_zicsr\nmmu\t\t: sv48\nuarch\t\t: sifive,p550\n"
    for n in range(4)
)
POWER = (
    "\n".join(
        f"processor\t: {n}\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\n"
        "revision\t: 2.3 (pvr 004e 1203)\n"
        for n in range(4)
    )
    + "\ntimebase\t: 512000000\nplatform\t: PowerNV\nmachine\t\t: PowerNV C1P9S01 REV 1.01\n"
)
Z = "vendor_id       : IBM/S390\n# processors    : 2\nfeatures\t: esan3 zarch stfle msa\nprocessor 0: version = FF\n"
NO_IOMMU = replace(
    CLEAN,
    iommu="",
    tables=(),
    pci=tuple(replace(d, group=None) for d in CLEAN.pci),
    files={},
    guests=(),
    processes=(ProcessDesc(1, "systemd", ()),),
)
FOREIGN = replace(NO_IOMMU, cpu=replace(CLEAN.cpu, max_khz=2400000, scaling="cpufreq-dt", governor="performance"))


def with_flags(host: Host, flags: str, **changes: object) -> Host:
    """The host with other flags of its processor."""
    return replace(host, cpu=replace(host.cpu, flags=flags), **changes)  # type: ignore[arg-type]


def dmi(vendor: str, product: str) -> dict[str, str]:
    """What DMI names on a virtual machine, which has no board of its own."""
    folder = "/sys/class/dmi/id"
    return {f"{folder}/sys_vendor": f"{vendor}\n", f"{folder}/product_name": f"{product}\n"}


NO_BOARD = ("/sys/class/dmi/id/board_vendor", "/sys/class/dmi/id/board_name")
POWERLESS = ("/sys/devices/system/cpu/cpufreq", "/sys/devices/system/cpu/cpu0/cpuidle")
INSIDE = "fpu lm svm npt pdpe1gb constant_tsc hypervisor"
Q35 = dmi("QEMU", "Standard PC (Q35 + ICH9, 2009)")
WSL2 = "5.15.167.4-microsoft-standard-WSL2"
WSL_LINE = "initrd=\\initrd.img WSL_ROOT_INIT=1 panic=-1 nr_cpus=8 hv_utils.timesync_implicit=1"
BARE = replace(NO_IOMMU, kvm=False, enabled=())
"""No IOMMU, no KVM, no guests."""


WITH_GROUPS = {"iommu": "amd", "pci": CLEAN.pci, "remove": (*FIRMWARE, "/sys/class/iommu/ivhd0")}
"""IOMMU groups, and no unit of an x86 machine."""


def foreign(cpuinfo: str, tree: dict[str, str], **changes: object) -> Host:
    """A machine with another processor, which is described by a device tree and not by ACPI and DMI."""
    trees = ("/proc/device-tree", "/sys/firmware/devicetree/base")
    files = {"/proc/cpuinfo": cpuinfo, **{f"{top}/{n}": text for n, text in tree.items() for top in trees}}
    return replace(FOREIGN, **{"name": "box", "files": files, "remove": FIRMWARE, **changes})  # type: ignore[arg-type]


NEWER = re.compile(
    r"/reset_method$|/iommu_groups/\d+/type$|/power_state$|/topology/(?:core_cpus|die_cpus|cluster_cpus|package_cpus)"
    r"|/topology/(?:die|cluster)_id$|/security/lockdown$|/resource\d_resize$|/sys/kernel/split_lock_mitigate$"
)
"""Names that a kernel of 2018 does not have yet."""

HOSTS: dict[str, Host] = {
    "wsl2": with_flags(
        BARE,
        INSIDE,
        kvm=True,
        release=WSL2,
        cmdline=WSL_LINE,
        files={"/run/WSL/1_interop": ""},
        remove=("/boot", "/lib/modules", "/sys/class/dmi", "/sys/kernel/iommu_groups", *POWERLESS),
    ),
    "wsl1": replace(
        BARE,
        release="4.4.0-19041-Microsoft",
        cmdline="BOOT_IMAGE=/kernel init=/init",
        remove=("/boot", "/lib/modules", "/sys", "/proc/iomem", "/proc/interrupts"),
    ),
    "container-lxc": replace(
        BARE,
        cmdline=CLEAN.cmdline,
        files={
            "/proc/1/environ": "container=lxc\0TERM=linux\0",
            "/run/systemd/container": "lxc\n",
            "/proc/mounts": "rpool/data/subvol-101 / zfs rw 0 0\nlxcfs /proc/cpuinfo fuse.lxcfs rw 0 0\n",
        },
        remove=("/boot", "/lib/modules", "/proc/iomem", "/sys/firmware", "/proc/bus", "/var/log"),
    ),
    "container-nspawn": replace(
        BARE,
        kvm=True,
        files={"/run/host/container-manager": "systemd-nspawn\n", "/run/systemd/container": "systemd-nspawn\n"},
        remove=("/boot", "/lib/modules", "/sys/firmware", "/sys/kernel/iommu_groups"),
    ),
    "container-docker": replace(
        CLEAN,
        kvm=False,
        guests=(),
        files={
            "/.dockerenv": "",
            "/proc/1/cgroup": "12:cpuset:/docker/6f1a2b3c4d5e6f708192\n0::/docker/6f1a2b3c4d5e6f708192\n",
            "/proc/iomem": "",
            "/proc/interrupts": "",
        },
        remove=("/boot", "/lib/modules", "/sys/firmware", "/var/log", "/proc/bus"),
    ),
    "container-podman": replace(
        CLEAN,
        guests=(),
        files={"/run/.containerenv": 'engine="podman-5.3"\nname="box"\n'},
        remove=("/boot", "/lib/modules", "/etc/default/grub", "/var/log"),
    ),
    "container-on-wsl": with_flags(
        BARE,
        INSIDE,
        release=WSL2,
        cmdline=WSL_LINE,
        files={"/run/systemd/container": "docker\n", "/.dockerenv": ""},
        remove=("/boot", "/lib/modules", "/sys/class/dmi"),
    ),
    "vm-no-iommu": with_flags(NO_IOMMU, INSIDE, files=Q35, remove=(*NO_BOARD, *POWERLESS)),
    "vm-no-nested": with_flags(BARE, "fpu lm hypervisor", files=Q35, remove=(*NO_BOARD, *POWERLESS)),
    "vm-viommu": with_flags(
        INTEL, "fpu lm vmx hypervisor", files={**INTEL.files, **Q35}, remove=(*NO_BOARD, *POWERLESS)
    ),
    "vm-cloud": with_flags(
        BARE, "fpu lm tsc hypervisor", files=dmi("Amazon EC2", "m7i.large"), remove=(*NO_BOARD, *POWERLESS)
    ),
    "vm-arm": foreign(
        ARM,
        {"hypervisor/compatible": "linux,kvm\0", "compatible": "linux,dummy-virt\0", "model": "linux,dummy-virt\0"},
        kvm=False,
    ),
    "xen-dom0": with_flags(
        BARE,
        INSIDE,
        files={
            "/proc/xen/capabilities": "control_d\n",
            "/sys/hypervisor/type": "xen\n",
            "/sys/hypervisor/properties/features": "00002f05\n",
        },
        remove=POWERLESS,
    ),
    "xen-domu": with_flags(
        BARE,
        "fpu lm hypervisor",
        files={"/sys/hypervisor/type": "xen\n", "/sys/hypervisor/properties/features": "00002705\n"},
        remove=("/sys/class/dmi", *POWERLESS),
    ),
    "raspberry-pi": foreign(
        ARM,
        {
            "model": "Raspberry Pi 5 Model B Rev 1.0\0",
            "compatible": "raspberrypi,5-model-b\0brcm,bcm2712\0",
        },
        release="6.12.25+rpt-rpi-2712",
    ),
    "asahi": foreign(
        ARM,
        {"model": "Apple MacBook Air (M1, 2020)\0", "compatible": "apple,j313\0apple,t8103\0apple,arm-platform\0"},
        release="6.14.8-400.asahi.fc42.aarch64+16k",
        **WITH_GROUPS,
    ),
    "riscv": foreign(RISCV, {"model": "SiFive HiFive Premier P550\0", "compatible": "sifive,hifive\0"}),
    "power9": foreign(
        POWER, {"model": "C1P9S01 REV 1.01\0", "compatible": "ibm,powernv\0ibm,p9-openbmc\0"}, **WITH_GROUPS
    ),
    "power-lpar": foreign(
        POWER.replace("PowerNV C1P9S01 REV 1.01", "CHRP IBM,9009-42A").replace("PowerNV", "pSeries"),
        {"model": "IBM,9009-42A\0", "compatible": "IBM,9009-42A\0"},
        kvm=False,
    ),
    "z-lpar": foreign(Z, {}, **WITH_GROUPS),
    "kernel-4-19": replace(
        CLEAN,
        release="4.19.0-27-amd64",
        files={**CLEAN.files, "/sys/kernel/security/lsm": "capability,yama,apparmor"},
        remove=tuple(p for p in build(CLEAN) if NEWER.search(p)),
    ),
    "no-dmi": replace(CLEAN, remove=("/sys/class/dmi",)),
    "no-kernel-config": replace(CLEAN, remove=(f"/boot/config-{CLEAN.release}",)),
}
"""By name; tests/rules/test_odd_hosts.py says what each one is and what fails on it."""

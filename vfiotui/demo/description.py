"""A machine described in a few lines; the builder makes a whole file system of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from vfiotui.model.base.value import dataclass, field


@dataclass(frozen=True, slots=True)
class CpuDesc:
    """Processors: packages of level 3 domains of cores of threads."""

    vendor: str = "AuthenticAMD"
    model: str = "AMD Ryzen 9 5900X 12-Core Processor"
    flags: str = "fpu lm svm npt pdpe1gb constant_tsc"
    physical_bits: int = 48
    packages: int = 1
    l3_per_package: int = 2
    cores_per_l3: int = 6
    threads: int = 2
    dies_per_package: int = 1
    siblings: str = "halves"
    """How threads are numbered: "halves" (0 and N/2), "pairs" (0 and 1)."""
    l3_kib: tuple[int, ...] = (32768,)
    """Sizes by level 3 domain; the last one is repeated; empty for a processor without."""
    slow_cores: frozenset[int] = frozenset()
    """Cores (counted from 0) of the slow kind of a hybrid processor: one thread each, level 2 shared by four."""
    offline: frozenset[int] = frozenset()
    isolated: str = ""
    nohz_full: str = ""
    max_khz: int = 4950000
    base_khz: int = 3700000
    scaling: str = ""
    """scaling_driver; empty for the one that the vendor's processors have in active mode."""
    governor: str = "powersave"
    preference: str = "balance_performance"
    """energy_performance_preference; empty for a driver without."""
    limit_khz: int = 0
    """scaling_max_freq; 0 for no limit."""
    max_percent: int = 100
    """intel_pstate/max_perf_pct."""
    boost: bool = True
    idle: tuple[tuple[str, int], ...] = (("POLL", 0), ("C1", 1), ("C2", 18))
    """Idle states with the microseconds that it takes to wake from them."""

    @property
    def cores(self) -> int:
        """Cores of the whole machine."""
        return self.packages * self.l3_per_package * self.cores_per_l3

    @property
    def count(self) -> int:
        """Logical CPUs, offline ones included."""
        return sum(len(cpus) for cpus in _numbers(self))

    def cpus_of(self, core: int) -> tuple[int, ...]:
        """The logical CPUs of a core."""
        return _numbers(self)[core]


@cache
def _numbers(cpu: CpuDesc) -> tuple[tuple[int, ...], ...]:
    """The logical CPUs of every core."""
    threads = [1 if core in cpu.slow_cores else cpu.threads for core in range(cpu.cores)]
    order = [(core, thread) for core, count in enumerate(threads) for thread in range(count)]
    if cpu.siblings == "halves":
        order.sort(key=lambda place: (place[1], place[0]))
    found: list[tuple[int, ...]] = [()] * cpu.cores
    for number, (core, _) in enumerate(order):
        found[core] += (number,)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PciDesc:
    """One PCI function."""

    bdf: str
    vendor: int
    device: int
    class_code: int
    """24 bits."""
    group: int | None = None
    driver: str | None = None
    parent: str = ""
    """The bridge above; empty at the root."""
    subsystem: tuple[int, int] = (0x1458, 0x0001)
    revision: int = 1
    boot_vga: bool | None = None
    reset: str = "flr bus"
    """reset_method; empty means that there are neither reset nor reset_method, as with a device without methods."""
    bars: tuple[int, ...] = (1 << 20,)
    """Sizes of memory BARs in bytes."""
    resizable: Mapping[int, int] = field(default_factory=dict)
    """BAR number → mask of sizes."""
    link: tuple[str, int, str, int] | None = None
    """Speed and width now, at most."""
    node: int = -1
    msi: int = 0
    """Interrupts in use."""
    intx: str = ""
    """For a device with a legacy interrupt line: what shares it, or "-" for none."""
    rate: float = 0.05
    """Interrupts in a second."""
    express: int = 0
    """Type of the PCI Express capability: 0 endpoint, 1 legacy endpoint, 4 root port, 5 upstream, 6 downstream,
    9 integrated endpoint; -1 for conventional PCI."""
    flr: bool = False
    acs: bool = False
    acs_control: int = 0x1D
    """Control bits of the ACS capability: 1d is what Linux switches on."""
    override: str = ""
    rom: str = ""
    """What its option ROM holds: "uefi", "legacy", or empty for a device without one."""
    power: str = "D0"
    dead: bool = False
    physfn: str = ""
    """The physical function of a virtual one."""
    virtual_functions: int = 0
    """How many virtual functions it could have (SR-IOV)."""
    name: str = ""
    """Its line in pci.ids; empty leaves it out of there."""
    maker: str = ""
    """The vendor's line in pci.ids."""
    board: str = ""
    """The subsystem's line in pci.ids."""


@dataclass(frozen=True, slots=True)
class UsbDesc:
    """One USB device."""

    controller: str
    """PCI address of its controller."""
    bus: int
    port: str
    vendor: int
    product: int
    name: str
    maker: str = ""
    kind: int = 0xFF
    """Class of its interface; 3 with protocol 1 is a keyboard."""
    protocol: int = 0
    driver: str = ""


@dataclass(frozen=True, slots=True)
class MountDesc:
    """A file system of the host."""

    controller: str
    """PCI address."""
    disk: str
    """nvme0n1p2."""
    place: str
    """Mount point, or "swap"."""
    mapped: str = ""
    """The name of a device mapper volume between the two."""
    multipath: bool = False
    """Whether that volume is a multipath device."""


@dataclass(frozen=True, slots=True)
class NetDesc:
    """A network interface."""

    bdf: str
    name: str
    default: bool = False
    """Whether the default route leads over it."""
    bridge: str = ""
    """The bridge that it belongs to and that has the address."""
    ssh_from: str = ""
    """Address from which an ssh session comes."""


@dataclass(frozen=True, slots=True)
class ScreenDesc:
    """The firmware's framebuffer where it is still in use."""

    bdf: str
    """The card on whose memory it lies."""
    device: str = "simple-framebuffer.0"
    driver: str = "simple-framebuffer"
    name: str = "simpledrmdrmfb"
    """Its line in /proc/fb."""
    claim: str = "BOOTFB"
    """Its name in /proc/iomem."""


@dataclass(frozen=True, slots=True)
class ProcessDesc:
    """A process that holds device nodes open."""

    pid: int
    name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestDesc:
    """One guest: its XML, and its process where it runs."""

    name: str
    xml: str
    pid: int | None = None
    vcpus: int = 0
    pins: tuple[int, ...] = ()
    """The CPU of each vCPU."""
    emulator: str = "0"
    """CPU list of QEMU's own thread and its workers."""
    iothreads: int = 0
    iothread_cpus: str = ""
    """CPU list of the iothreads; empty leaves them to the emulator's."""
    memory_kib: int = 4 << 20
    autostart: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A whole machine."""

    name: str
    cpu: CpuDesc = CpuDesc()
    nodes: int = 1
    memory_kib: int = 32 << 20
    huge_2m: tuple[int, int] = (0, 0)
    """Pages of 2 MiB: total, free; dealt out evenly to the nodes."""
    huge_1g: tuple[int, int] = (0, 0)
    """Pages of 1 GiB: total, free."""
    thp: str = "madvise"
    defrag: str = "madvise"
    """Setting of transparent huge pages."""
    pci: tuple[PciDesc, ...] = ()
    usb: tuple[UsbDesc, ...] = ()
    iommu: str = "amd"
    """amd, intel, or empty for none."""
    iommu_cap: int = 0xD2008C40660462
    """VT-d capability register; bits 16-21 hold the address width minus one."""
    iommu_ecap: int = 0xF050DA
    reserved: Mapping[int, str] = field(default_factory=dict)
    """Group → text of reserved_regions."""
    domain_type: str = "DMA-FQ"
    tables: tuple[str, ...] = ("IVRS",)
    """ACPI tables that the firmware has."""
    cmdline: str = "BOOT_IMAGE=/vmlinuz-6.12.9 root=/dev/nvme0n1p2 ro quiet"
    default_cmdline: str = "quiet"
    """GRUB_CMDLINE_LINUX_DEFAULT."""
    menu_cmdline: str | None = None
    """The words in the boot menu; None where it was made from /etc/default/grub since that was edited."""
    release: str = "6.12.9-amd64"
    config: str = "CONFIG_VFIO_PCI=m\nCONFIG_AMD_IOMMU=y\nCONFIG_INTEL_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n"
    builtin: tuple[str, ...] = ("kernel/drivers/pci/pcie/pcieport.ko",)
    modules: tuple[str, ...] = ("vfio_pci", "vfio_iommu_type1", "kvm_amd", "kvm")
    guests: tuple[GuestDesc, ...] = ()
    log: str = "[    0.500000] AMD-Vi: Interrupt remapping enabled\n"
    """Text of /var/log/dmesg."""
    kvm: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Module parameters: "kvm.halt_poll_ns" → text; those of KVM and VFIO have the kernel's defaults."""
    mounts: tuple[MountDesc, ...] = ()
    networks: tuple[NetDesc, ...] = ()
    screen: ScreenDesc | None = None
    consoles: tuple[str, ...] = ("(S) dummy device",)
    """Names of the virtual consoles' backends; all of them are bound."""
    processes: tuple[ProcessDesc, ...] = ()
    enabled: tuple[str, ...] = ("ssh",)
    """Services that run and are wanted at boot."""
    masked: tuple[str, ...] = ()
    """Services that are masked: those that are also enabled neither run nor start."""
    last_log: str = "[    0.500000] AMD-Vi: Interrupt remapping enabled\n"
    """Text of /var/log/dmesg.0: the boot before."""
    built: float = 60.0
    """Seconds between the last change of the configuration and the building of the initramfs."""
    modes: Mapping[str, int] = field(default_factory=dict)
    """Folder → mode, where it is not 0755; one of `files` → mode, where it is not 0644."""
    users: tuple[str, ...] = ("root:x:0:0", "libvirt-qemu:x:64055:64055", "user:x:1000:1000")
    """Lines of /etc/passwd, as far as they matter."""
    user: int | None = None
    """Number of the user who is logged in."""
    secure_boot: bool = False
    lockdown: str = "none"
    split_lock: int = 1
    """kernel.split_lock_mitigate."""
    ksm: int = 0
    libvirt: str = "12.2.0"
    """The version that is installed."""
    machine_cpus: str = ""
    """cpuset.cpus.effective of machine.slice; empty for all."""
    hugetlbfs: str = "2M"
    """pagesize= of each mounted hugetlbfs, with blanks between; empty for none."""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """More files, or other contents of built ones."""
    remove: tuple[str, ...] = ()
    """Built paths, and all below them, that are left out."""

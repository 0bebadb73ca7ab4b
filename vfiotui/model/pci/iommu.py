"""IOMMU units, groups and firmware tables, and whether a group can be given to a guest."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciBus, PciDevice


@dataclass(frozen=True, slots=True)
class IommuUnit:
    """One remapping unit under /sys/class/iommu."""

    name: str
    kind: str
    """ "intel", "amd", "arm" or "other"."""
    cap: Reading[int]
    """VT-d capability register."""
    ecap: Reading[int]
    """VT-d extended capability register."""

    @property
    def address_bits(self) -> int | None:
        """VT-d maximum guest address width: ((cap >> 16) & 0x3f) + 1 (drivers/iommu/intel/iommu.h)."""
        return (self.cap >> 16 & 0x3F) + 1 if isinstance(self.cap, int) and self.kind == "intel" else None

    @property
    def interrupt_remapping(self) -> bool | None:
        """VT-d extended capability bit 3; None where it is not read."""
        return bool(self.ecap >> 3 & 1) if isinstance(self.ecap, int) and self.kind == "intel" else None


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """What a VT-d unit does now: its Global Status Register (VT-d specification, 11.4.4.2)."""

    name: str
    gsts: int

    @property
    def translates(self) -> bool:
        """Whether it translates the addresses of devices (TES, bit 31)."""
        return bool(self.gsts >> 31 & 1)

    @property
    def remaps_interrupts(self) -> bool:
        """Whether it remaps the interrupts of devices (IRES, bit 25)."""
        return bool(self.gsts >> 25 & 1)


@dataclass(frozen=True, slots=True)
class ReservedRegion:
    """One line of reserved_regions."""

    start: int
    end: int
    kind: str
    """direct, direct-relaxable, msi, reserved."""


@dataclass(frozen=True, slots=True)
class IommuGroup:
    """One IOMMU group: the smallest set of devices that can be given away."""

    number: int
    members: tuple[str, ...]
    """Addresses of PCI functions."""
    foreign: tuple[str, ...]
    """Members that are no PCI functions (platform devices)."""
    domain_type: Reading[str]
    """DMA, DMA-FQ, identity, blocked, auto."""
    reserved: Reading[tuple[ReservedRegion, ...]]


@dataclass(frozen=True, slots=True)
class Iommu:
    """The units and groups that the kernel has built."""

    units: Reading[tuple[IommuUnit, ...]]
    groups: Reading[tuple[IommuGroup, ...]]
    status: Reading[tuple[UnitStatus, ...]] = ()
    """What VT-d units do now; Unread where debugfs does not show it, none where there is no such unit."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A device scope of a firmware table."""

    kind: int
    bus: int
    path: tuple[str, ...]
    """Device and function of each hop: "1f.0"."""


@dataclass(frozen=True, slots=True)
class Drhd:
    """A remapping unit as DMAR describes it."""

    flags: int
    segment: int
    base: int
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Rmrr:
    """Memory that firmware demands to be mapped one to one for some devices."""

    segment: int
    base: int
    end: int
    scopes: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Dmar:
    """The ACPI table DMAR (VT-d specification, chapter 8)."""

    host_address_width: int
    """As stored: address bits minus one."""
    flags: int
    drhd: tuple[Drhd, ...]
    rmrr: tuple[Rmrr, ...]
    atsr: int
    rhsa: int
    andd: int
    satc: int
    checksum_ok: bool
    length: int

    @property
    def intr_remap(self) -> bool:
        """The platform supports interrupt remapping (flags bit 0)."""
        return bool(self.flags & 1)

    @property
    def x2apic_opt_out(self) -> bool:
        """Firmware asks not to enable x2APIC (flags bit 1)."""
        return bool(self.flags & 2)

    @property
    def dma_ctrl_opt_in(self) -> bool:
        """Firmware asks for DMA protection (flags bit 2)."""
        return bool(self.flags & 4)


@dataclass(frozen=True, slots=True)
class Ivhd:
    """An AMD I/O virtualisation hardware definition block."""

    type: int
    flags: int
    length: int
    device_id: int
    base: int
    segment: int
    info: int
    """IOMMU information: MSI number in bits 0-4, unit id in bits 8-12."""


@dataclass(frozen=True, slots=True)
class Ivrs:
    """The ACPI table IVRS (AMD I/O Virtualization specification)."""

    revision: int
    iv_info: int
    """I/O virtualisation information: address sizes of the platform."""
    ivhd: tuple[Ivhd, ...]
    ivmd: int
    """Number of memory definition blocks."""
    checksum_ok: bool
    length: int


OTHER_TABLES = ("IORT", "RIMT", "VIOT")
"""ACPI tables that describe the IOMMUs of ARM and RISC-V machines and of virtual ones (ACPI specification, 5.2.6)."""


@dataclass(frozen=True, slots=True)
class TreeIommu:
    """What a device tree says of IOMMUs, by the names of its nodes."""

    path: str
    iommus: tuple[str, ...]
    behind: tuple[str, ...]
    """PCI host bridges with an iommu-map: the IOMMU stands before their devices."""
    beside: tuple[str, ...]
    """PCI host bridges without one: their devices get no IOMMU group."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What the firmware says of its IOMMU, and the firmware itself."""

    dmar: Reading[Dmar | None]
    """None: the tables are visible and this one is not among them."""
    ivrs: Reading[Ivrs | None]
    efi: Reading[bool]
    secure_boot: Reading[bool]
    vendor: Reading[str]
    """Board or system vendor from DMI."""
    product: Reading[str]
    bios: Reading[str]
    """BIOS version and date from DMI."""
    others: Reading[tuple[str, ...]] = ()
    """Names of OTHER_TABLES that are among the ACPI tables; Unread where the tables are not visible."""
    tree: Reading[TreeIommu | None] = None
    """None: there is no device tree."""


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """Whether the function at `bdf` can be given away without a foreign device."""

    bdf: str
    group: int
    clean: bool
    blockers: tuple[str, ...]
    """Functions in the group that are neither of the same slot nor bridges."""
    bridges: tuple[str, ...]
    companions: tuple[str, ...]
    """Functions of the same slot in other groups: they share its reset."""


def cards_in_groups(bus: PciBus, groups: tuple[IommuGroup, ...]) -> list[tuple[PciDevice, IommuGroup]]:
    """Every display controller that is in a group, with its group."""
    of = {m: g for g in groups for m in g.members}
    return [(d, of[d.bdf]) for d in bus.devices if d.is_display and d.bdf in of]


def judge_group(device: PciDevice, group: IommuGroup, bus: PciBus) -> GroupVerdict:
    """Whether a function's group holds only its own slot and bridges.

    Bridges and root ports in a group are normal and are never bound (kernel: their driver pcieport
    declares driver_managed_dma); every other function of another slot blocks.
    """
    blockers: list[str] = []
    bridges: list[str] = []
    for bdf in group.members:
        member = bus.get(bdf)
        if member is None or member.slot == device.slot:
            continue
        (bridges if member.is_bridge else blockers).append(bdf)
    companions = tuple(d.bdf for d in bus.card(device) if d.bdf not in group.members)
    return GroupVerdict(
        device.bdf, group.number, not blockers and not group.foreign, tuple(blockers), tuple(bridges), companions
    )

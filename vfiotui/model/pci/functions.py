"""PCI functions as the kernel shows them; text from the hardware is kept verbatim and is hostile."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field

BDF = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
"""A full address; the domain may be longer than four digits (VMD)."""

NESTED = re.compile(r"pci[0-9a-f]{5,8}:[0-9a-f]{2}")
"""A folder of sysfs: the host bridge that VMD makes below a PCI function; its domain has more than four digits."""

HEADER_ONLY = Unread("needs root: 64 bytes of configuration space were given", Why.FORBIDDEN)
"""The device answers, and its capabilities are for root."""

BRIDGE_CLASSES = (0x0600, 0x0601, 0x0604, 0x0609)
"""Host, ISA and PCI-to-PCI bridges."""


def slot_of(bdf: str) -> str:
    """The address without its function: "0000:01:00"."""
    return bdf.rpartition(".")[0]


def short(bdf: str) -> str:
    """The address without the domain where that is 0000.

    >>> short("0000:06:00.0"), short("10000:01:00.0")
    ('06:00.0', '10000:01:00.0')
    """
    return bdf.removeprefix("0000:")


@dataclass(frozen=True, slots=True)
class Bar:
    """One base address register as /sys/bus/pci/devices/BDF/resource lists it."""

    index: int
    """0–5 are the BARs, 6 is the expansion ROM."""
    start: int
    size: int
    """Bytes."""
    flags: int
    memory: bool
    prefetchable: bool
    is_64: bool
    resizable_mib: Reading[tuple[int, ...]] = ()
    """Sizes in MiB that resourceN_resize offers; empty where the BAR cannot be resized."""


@dataclass(frozen=True, slots=True)
class Express:
    """The PCI Express capability."""

    kind: str
    """As lspci names it: "Endpoint", "Legacy Endpoint", "Root Port", "Upstream Port", …"""
    flr: bool


@dataclass(frozen=True, slots=True)
class Acs:
    """Access control services: what the port can do and what is switched on."""

    cap: frozenset[str]
    """Of SrcValid TransBlk ReqRedir CmpltRedir UpstreamFwd EgressCtrl DirectTrans."""
    ctl: frozenset[str]


@dataclass(frozen=True, slots=True)
class RebarSize:
    """One resizable BAR: sizes as lspci prints them."""

    current: str
    supported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the configuration space says; 64 bytes of it say nothing of capabilities."""

    ids: tuple[int, ...] = ()
    """Ids of the standard capabilities found."""
    extended_ids: Reading[tuple[int, ...]] = ()
    """Unread where only the first 256 bytes could be read."""
    express: Express | None = None
    af_flr: bool | None = None
    """Function level reset of the Advanced Features capability; None where there is none."""
    no_soft_reset: bool | None = None
    """NoSoftRst of the power management capability; None where there is none."""
    msi: bool = False
    msix: bool = False
    msi_enabled: bool = False
    msix_enabled: bool = False
    acs: Reading[Acs | None] = None
    sriov_total: Reading[int | None] = None
    rebar: Reading[tuple[tuple[int, RebarSize], ...]] = ()
    header_type: int = 0
    dead: bool = False
    """Every byte reads ff: the device has fallen off the bus."""


@dataclass(frozen=True, slots=True)
class Link:
    """The PCI Express link now and at best."""

    speed: Reading[str]
    """As sysfs prints it: "16.0 GT/s PCIe"."""
    width: Reading[int]
    max_speed: Reading[str]
    max_width: Reading[int]


@dataclass(frozen=True, slots=True)
class PciDevice:
    """One PCI function."""

    bdf: str
    vendor: Reading[int]
    device: Reading[int]
    subsystem_vendor: Reading[int]
    subsystem_device: Reading[int]
    class_code: Reading[int]
    """24 bits: base class, subclass, programming interface."""
    revision: Reading[int]
    vendor_name: Reading[str]
    device_name: Reading[str]
    class_name: Reading[str]
    subsystem_name: Reading[str]
    driver: Reading[str | None]
    """The bound driver; None where none is bound."""
    driver_override: Reading[str | None]
    modalias: Reading[str]
    modules: Reading[tuple[str, ...]]
    """Modules whose alias matches, from modules.alias of the running or default kernel; built-in ones included."""
    group: Reading[int | None]
    """IOMMU group; None where there is an IOMMU and the device has no group, or there is none."""
    parent: str | None
    """The address of the bridge above, None at the root or where it is not shown."""
    numa_node: Reading[int | None]
    """None is the kernel's -1: unknown."""
    local_cpus: Reading[frozenset[int]]
    boot_vga: Reading[bool | None]
    """None for what is no VGA device."""
    has_reset: Reading[bool]
    """Whether the `reset` file exists: some function-level method."""
    reset_methods: Reading[tuple[str, ...]]
    """In order of use; empty means switched off (kernel 5.15 on)."""
    link: Link
    bars: Reading[tuple[Bar, ...]]
    msi_irqs: Reading[tuple[int, ...]]
    """Interrupts in use through MSI or MSI-X."""
    irq: Reading[int]
    power_state: Reading[str]
    d3cold_allowed: Reading[bool]
    enabled: Reading[bool]
    capabilities: Reading[Capabilities]
    sriov_parent: Reading[str | None] = None
    """The physical function, for a virtual one."""
    vfio_device: Reading[bool] = False
    """Whether a virtual function is a device of VFIO under the driver that it has (vfio-dev/): NVIDIA's vGPU, kernel
    6.8, stays with nvidia. Of others the driver's name says it."""
    slot_name: Reading[str | None] = None
    """The name of its slot as the firmware numbers it; None where it is in none, as what is soldered on."""
    board_slot: Reading[str | None] = None
    """The name of its slot as the board's maker prints it (SMBIOS): "PCIEX16_1"; None where the board names none."""

    @property
    def slot_text(self) -> str:
        """Both names of its slot; empty where neither is known."""
        number, name = (None if isinstance(n, Unread) else n for n in (self.slot_name, self.board_slot))
        return f"{number} ({name})" if number and name else number or name or ""

    @property
    def answers(self) -> Reading[bool]:
        """Whether reads of its configuration space are answered: ones throughout and silence are no answer."""
        if isinstance(self.capabilities, Unread):
            if self.capabilities.why is Why.TIMED_OUT:
                return False
            return True if self.capabilities.reason == HEADER_ONLY.reason else self.capabilities
        return not self.capabilities.dead

    @property
    def class16(self) -> int | None:
        """Base class and subclass, or None where unread."""
        return None if isinstance(self.class_code, Unread) else self.class_code >> 8

    @property
    def is_bridge(self) -> bool:
        """Host, ISA or PCI bridge: normal in a group, never given to a guest."""
        return self.class16 in BRIDGE_CLASSES

    @property
    def is_display(self) -> bool:
        """VGA, 3D or other display controller (class 03xx)."""
        return self.class16 is not None and self.class16 >> 8 == 0x03

    @property
    def is_iommu(self) -> bool:
        """An IOMMU that shows itself as a function (AMD's do)."""
        return self.class16 == 0x0806

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual function (SR-IOV): a device of its own, which is reset and assigned alone."""
        return isinstance(self.sriov_parent, str)

    @property
    def ids(self) -> str:
        """ "10de:13c2", with ???? for what is unread."""
        parts = ("????" if isinstance(i, Unread) else f"{i:04x}" for i in (self.vendor, self.device))
        return ":".join(parts)

    @property
    def slot(self) -> str:
        """The address without the function."""
        return slot_of(self.bdf)

    @property
    def name(self) -> str:
        """The device's name, or its ids where the name is not known."""
        return f"[{self.ids}]" if isinstance(self.device_name, Unread) else self.device_name


@dataclass(frozen=True, slots=True)
class PciBus:
    """All PCI functions of a host."""

    devices: tuple[PciDevice, ...]
    """In order of their addresses."""
    _places: dict[str, PciDevice] = field(init=False, repr=False, compare=False)
    _slots: dict[str, tuple[PciDevice, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Finds by address and by slot without a search: rules ask for both once for every device."""
        slots: dict[str, list[PciDevice]] = {}
        for device in self.devices:
            slots.setdefault(device.slot, []).append(device)
        object.__setattr__(self, "_places", {d.bdf: d for d in self.devices})
        object.__setattr__(self, "_slots", {slot: tuple(found) for slot, found in slots.items()})

    def get(self, bdf: str) -> PciDevice | None:
        """The function at an address."""
        return self._places.get(bdf)

    def functions(self, slot: str) -> tuple[PciDevice, ...]:
        """All functions of a slot such as "0000:01:00"."""
        return self._slots.get(slot, ())

    def card(self, device: PciDevice) -> tuple[PciDevice, ...]:
        """The functions of one card, the device among them: those of its slot, but a virtual one is alone."""
        if device.is_virtual:
            return (device,)
        return tuple(f for f in self.functions(device.slot) if not f.is_virtual)

"""Everything known of one machine at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfiotui.model.base.mode import Mode as Mode
from vfiotui.model.base.value import dataclass, field

if TYPE_CHECKING:
    # A command that looks at one part must not pay for the classes of all others.
    from vfiotui.model.base.gaps import Gaps
    from vfiotui.model.base.reading import Reading
    from vfiotui.model.boot.boot import Boot, ConfigFile, Images, LastBoot, LogLine, Modules
    from vfiotui.model.boot.host_kind import HostKind
    from vfiotui.model.boot.services import Services
    from vfiotui.model.change.journal import ChangeRecord
    from vfiotui.model.cpu.interrupts import Interrupts
    from vfiotui.model.cpu.isolation import Isolation
    from vfiotui.model.cpu.limits import Limits
    from vfiotui.model.cpu.power import Power
    from vfiotui.model.cpu.topology import Topology
    from vfiotui.model.guest.access import Access
    from vfiotui.model.guest.domain import Virt
    from vfiotui.model.guest.guest_files import GuestFiles
    from vfiotui.model.guest.usb_follow import Follow
    from vfiotui.model.memory.host_memory import Memory
    from vfiotui.model.pci.functions import PciBus
    from vfiotui.model.pci.holders import Holders
    from vfiotui.model.pci.host_use import HostUse
    from vfiotui.model.pci.iommu import Firmware, Iommu
    from vfiotui.model.pci.screens import Screens
    from vfiotui.model.pci.selection import Chosen
    from vfiotui.model.pci.usb import Usb


@dataclass(frozen=True, slots=True)
class Facts:
    """One frozen picture of a machine; each part is a value or the reason why there is none."""

    mode: Mode
    label: str
    """The root's path or file, empty for the live host."""
    privileged: bool
    """Whether root read it."""
    cpu: Reading[Topology]
    pci: Reading[PciBus]
    iommu: Reading[Iommu]
    firmware: Reading[Firmware]
    usb: Reading[Usb]
    memory: Reading[Memory]
    boot: Reading[Boot]
    modules: Reading[Modules]
    kernel_log: Reading[tuple[LogLine, ...]]
    virt: Reading[Virt]
    guest_files: Reading[GuestFiles]
    """The files and devices that the guests name, as this host has them."""
    kvm_device: Reading[bool]
    """Whether /dev/kvm exists and can be opened for reading and writing."""
    changes: Reading[tuple[ChangeRecord, ...]]
    power: Reading[Power]
    limits: Reading[Limits]
    """What holds the processors back beside cpufreq: firmware, battery, heat, power limits."""
    isolation: Reading[Isolation]
    interrupts: Reading[Interrupts]
    screens: Reading[Screens]
    host_use: Reading[HostUse]
    services: Reading[Services]
    images: Reading[Images]
    access: Reading[Access]
    xorg: Reading[tuple[ConfigFile, ...]]
    """Files of the X server's configuration."""
    selection: Reading[tuple[Chosen, ...]]
    """The devices that a person chose to give away, as they were stored."""
    host_kind: Reading[HostKind]
    """Whether this is a physical machine, a virtual one, a container; and what it lacks as such."""
    holders: Reading[Holders]
    """Read last: a walk over all processes."""
    last_boot: Reading[LastBoot]
    """Read last: the journal is asked."""
    usb_follows: Reading[tuple[Follow, ...]] = ()
    """The rules by which guests get USB devices as they are plugged in."""
    gaps: Gaps = field(default_factory=dict)
    """What could not be read for each of the parts."""

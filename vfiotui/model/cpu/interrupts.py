"""Interrupt lines: who raises them, how often, and which CPUs serve them."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.pci.functions import BDF

VFIO = re.compile(rf"vfio-(msix?|intx)(?:\[\d+\])?\(({BDF.pattern})\)")
"""Names that vfio-pci gives to lines of passed devices (drivers/vfio/pci/vfio_pci_intrs.c)."""
MANAGED = re.compile(r"^(nvme\d+q[1-9]\d*|virtio\d+-req\.\d+|mpt3sas\d+-msix\d+|megasas\d+-msix\d+)$")
"""Queues whose lines the kernel itself places; it refuses to move them (core-api/irq/irq-affinity)."""


PLAIN = re.compile(r"IO-APIC|PCI-MSI(?!X?-[0-9a-f]{5,8}:)")
"""Chips of an x86 host without remapping; a domain of more than four digits is VMD's."""


@dataclass(frozen=True, slots=True)
class Irq:
    """One numbered line of /proc/interrupts."""

    number: int
    names: tuple[str, ...]
    """Everybody who shares it."""
    counts: tuple[tuple[int, int], ...]
    """CPU and count since boot, where there was one."""
    served_by: Reading[CpuSet]
    """effective_affinity_list."""
    chip: str = ""
    """The interrupt controller's name, as IR-PCI-MSIX-0000:01:00.0 or IO-APIC; a number behind it is left out."""

    @property
    def name(self) -> str:
        """All names, comma-separated."""
        return ", ".join(self.names)

    @property
    def vfio(self) -> tuple[tuple[str, str], ...]:
        """msi, msix or intx with the address of each passed device on this line."""
        return tuple((m[1], m[2]) for m in map(VFIO.fullmatch, self.names) if m)

    @property
    def managed(self) -> bool:
        """Whether its names are those of queues that only the kernel moves."""
        return bool(self.names) and all(MANAGED.match(n) for n in self.names)

    @property
    def remapped(self) -> bool | None:
        """Whether it goes through the interrupt remapping of an x86 host; None for what none of its kind does.

        The chip's name begins with IR- where it is remapped (drivers/iommu/intel/irq_remapping.c, amd/iommu.c). The
        interrupts of the IOMMU itself, and those that VMD collects, are never remapped by themselves.
        """
        if self.chip.startswith("IR-"):
            return True
        own = any(name.startswith(("AMD-Vi", "dmar")) for name in self.names)
        return False if PLAIN.match(self.chip) and not own else None

    def count_on(self, cpus: CpuSet) -> int:
        """How often it came on some CPUs."""
        return sum(n for cpu, n in self.counts if cpu in cpus)


@dataclass(frozen=True, slots=True)
class Interrupts:
    """All numbered lines."""

    irqs: tuple[Irq, ...]
    uptime: Reading[float]
    """Seconds since boot."""
    by_device: dict[str, tuple[Irq, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Finds the lines of a passed device by its address."""
        for irq in self.irqs:
            for _, bdf in irq.vfio:
                self.by_device[bdf] = (*self.by_device.get(bdf, ()), irq)

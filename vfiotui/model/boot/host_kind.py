"""What kind of host it is: a physical machine, a virtual one, a container, WSL; and which parts of one it lacks.

A check names the parts of a host that its fix changes (`rules/engine.py` `rule`). Where the kind of the host lacks one
of them, for good and with a reason, no failure of the check can be fixed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.finding.finding import Evidence


class Part(StrEnum):
    """What the fix of a check changes: a part of a host that some kinds of hosts do not have."""

    X86 = "x86"
    """An x86 processor, its firmware tables and its IOMMU."""
    IOMMU = "IOMMU"
    """An IOMMU before the PCI devices that Linux may program, and with it vfio."""
    KVM = "KVM"
    BOOT = "boot"
    """Boot loader, kernel command line, initramfs and modules, which the system on the host's disk chooses."""
    KERNEL = "kernel"
    """The running kernel's log and settings: those are shared by everything that runs on it."""
    POWER = "power"
    """Frequencies and idle states of real processors."""
    SETUP = "firmware setup"
    """A menu of the firmware, in which a person switches parts of the machine on."""


class Kind(StrEnum):
    """The kinds of hosts, as the field `kind` of JSON documents has them."""

    PHYSICAL = "physical"
    VM = "vm"
    XEN_DOM0 = "xen-dom0"
    CONTAINER = "container"
    WSL = "wsl"


@dataclass(frozen=True, slots=True)
class HostKind:
    """The kind of a host, with what it was recognised by."""

    kind: Kind
    name: str
    """For a person, with its article where it has one: "a container (LXC)", "WSL2", "a Raspberry Pi 5 Model B"."""
    evidence: tuple[Evidence, ...] = ()
    lacks: Mapping[Part, str] = field(default_factory=dict)
    """Part that the host does not have → why, as a clause."""
    doubts: tuple[str, ...] = ()
    """Signs of another kind that are too few to believe, as clauses; nothing is judged by them."""
    unseen: tuple[Unread, ...] = ()
    """What a host of this kind usually shows, and this one does not: DMI, /boot."""
    ordinary: bool = False
    """Whether there is nothing to say of the kind: a physical x86 machine."""

    @property
    def is_inside(self) -> bool:
        """Whether another system runs this host, so that slots and firmware setup are that system's."""
        return self.kind in (Kind.VM, Kind.CONTAINER, Kind.WSL)

    def lack(self, parts: Iterable[Part]) -> str:
        """Why a fix that changes these parts is not possible here, as a clause; empty where it is."""
        return next((self.lacks[part] for part in parts if part in self.lacks), "")

"""Everything on which the next boot of a device depends; one scene is one possibility."""

from __future__ import annotations

from collections import Counter

from vfiotui.formats.modprobe.modprobe_set import ModprobeSet
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot
from vfiotui.model.pci.functions import PciBus
from vfiotui.plan.isolate.boot_event import HOLDERS
from vfiotui.plan.isolate.runtime_binders import Binders

WITHOUT_DRM = ("nvidia", "nova_core")
"""Display drivers that do not stand on the module drm."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The initramfs or the running system: what its modprobe and its udev obey."""

    name: str
    """ "the initramfs", "the running system"."""
    modprobe: ModprobeSet
    rules: tuple[ConfigFile, ...]
    has: frozenset[str] | None
    """Modules that can be loaded; None for all."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on which the next boot of a device depends; one scene is one possibility."""

    bus: PciBus
    drivers: dict[str, tuple[str, ...]]
    """BDF → modules that claim it for the host."""
    builtin: frozenset[str]
    cmdline: CommandLine
    early: EarlyBoot | None
    """None where there is no initramfs."""
    image: Stage
    root: Stage
    lists: tuple[tuple[str, str], ...]
    """Modules of modules-load.d in order, with their places."""
    driverctl: dict[str, tuple[str, str]]
    """BDF → driver and path of driverctl's own store."""
    in_doubt: bool
    """Whether scripts that compute their addresses, and rules that are not understood, are for the device."""
    binders: Binders = Binders()
    is_dom0: bool = False
    """Whether Xen runs beneath this kernel and leaves the hardware to it."""
    counts: dict[str, int] = field(init=False, repr=False)
    """Module → how many devices it could claim."""
    on_drm: frozenset[str] = field(init=False, repr=False)
    """Display drivers that stand on the module drm."""
    idle: frozenset[str] = field(init=False, repr=False)
    """Listed modules that claim no device and load nothing else: they count only where a driver_override names them."""

    def __post_init__(self) -> None:
        """Finds once what every device asks for."""
        displays = [d.bdf for d in self.bus.devices if d.is_display]
        found = {m for bdf in displays for m in self.drivers.get(bdf, ()) if not m.startswith(WITHOUT_DRM)}
        object.__setattr__(self, "counts", dict(Counter(m for modules in self.drivers.values() for m in modules)))
        object.__setattr__(self, "on_drm", frozenset(found))
        listed = {name for name, _ in (*self.lists, *(self.early.early if self.early is not None else ()))}
        sets = (self.image.modprobe, self.root.modprobe)
        busy = {n for n in listed if n in self.counts or n in HOLDERS or any(s.diverts(n) for s in sets)}
        object.__setattr__(self, "idle", frozenset(listed - busy))

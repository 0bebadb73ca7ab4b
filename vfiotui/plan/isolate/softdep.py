"""softdep lines for a choice of devices: one for every driver that could claim one of them (modules.alias)."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.pci.functions import PciDevice
from vfiotui.model.pci.host_use import is_given

NOT_HOST = ("vfio", "pci_stub")
"""Beginnings of modules that take nothing from a guest."""


@dataclass(frozen=True, slots=True)
class Softdeps:
    """What modprobe.d needs so that vfio-pci comes first."""

    modules: tuple[str, ...]
    """Drivers that wait for vfio-pci, in the order of the devices."""
    builtin: tuple[str, ...]
    """Drivers that are part of the kernel: no line holds them back."""
    unknown: tuple[Unread, ...] = ()
    """Why it is not known which drivers could claim a device."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of modprobe.d."""
        return tuple(f"softdep {module} pre: vfio-pci" for module in self.modules)


def builtin_modules(boot: Reading[Boot]) -> frozenset[str]:
    """Names of built-in modules, as far as they are known."""
    kernel = boot if isinstance(boot, Unread) else boot.kernel
    return frozenset() if isinstance(kernel, Unread) else or_else(kernel.builtin, frozenset())


def drivers_of(device: PciDevice, builtin: frozenset[str] = frozenset()) -> Reading[tuple[str, ...]]:
    """Modules that could claim a device for the host, and a built-in driver that holds it now."""
    if isinstance(device.modules, Unread):
        return device.modules
    found = [m for m in map(fold, device.modules) if not m.startswith(NOT_HOST)]
    bound = device.driver if isinstance(device.driver, str) and not is_given(device) else ""
    if bound and fold(bound) in builtin and fold(bound) not in found:
        found.append(fold(bound))
    return tuple(dict.fromkeys(found))


def softdeps(devices: Iterable[PciDevice], builtin: frozenset[str]) -> Softdeps:
    """The lines for these devices; bridges are left out, as they are never given away."""
    names: dict[str, None] = {}
    unknown = []
    for device in devices:
        drivers = drivers_of(device, builtin)
        if device.is_bridge:
            continue
        if isinstance(drivers, Unread):
            unknown.append(drivers)
        else:
            names.update(dict.fromkeys(drivers))
    return Softdeps(
        tuple(n for n in names if n not in builtin), tuple(n for n in names if n in builtin), tuple(unknown)
    )

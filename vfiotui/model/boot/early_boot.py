"""What an initramfs does with devices: its modules, its early list, its copy of modprobe.d, its rules and scripts."""

from __future__ import annotations

from enum import IntEnum

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import ConfigFile


class Moment(IntEnum):
    """The stages of a boot, in order; what happens inside of one is ordered only where its tool says so."""

    KERNEL = 0
    """Drivers that are built in."""
    BEFORE_UDEV = 1
    """In the initramfs, before udev looks for devices."""
    COLDPLUG = 2
    """While udev looks for devices in the initramfs."""
    AFTER_COLDPLUG = 3
    """In the initramfs, when udev has settled."""
    ROOT = 4
    """The running system: lists of modules and udev, side by side."""
    SERVICES = 5
    """Services that a device starts, such as driverctl's."""


@dataclass(frozen=True, slots=True)
class Script:
    """A program of the initramfs that names driver_override."""

    path: str
    text: str
    before_udev: bool | None
    """None where its place in the order is not known."""


@dataclass(frozen=True, slots=True)
class EarlyBoot:
    """One initramfs, as it is built or as its tool will build it."""

    source: str
    """Its path, or the words "as dracut will build it"."""
    tool: str
    """initramfs-tools, mkinitcpio, dracut, booster, or empty where it is not known."""
    modules: frozenset[str] | None
    """Names with _ for -; None where they are not known."""
    early: tuple[tuple[str, str], ...] = ()
    """Modules that it loads by name, in order, with their options: ("vfio_pci", "ids=10de:13c2")."""
    early_file: str = ""
    """Where that list is written."""
    early_at: Moment = Moment.BEFORE_UDEV
    modprobe: tuple[ConfigFile, ...] = ()
    """The files that its modprobe obeys, in order."""
    options_only: bool = False
    """Of modprobe.d it obeys nothing but options (booster)."""
    rules: tuple[ConfigFile, ...] = ()
    """udev rules that name driver_override."""
    scripts: tuple[Script, ...] = ()
    release: str = ""
    """The kernel that its modules are of."""

    def has(self, module: str) -> bool | None:
        """Whether a module is in it; None where that is not known."""
        if any(name == module for name, _ in self.early):
            return True
        return None if self.modules is None else module in self.modules

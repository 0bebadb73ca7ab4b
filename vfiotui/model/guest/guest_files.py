"""What the host has of the files and devices that guests name, and what else uses their disks."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from fnmatch import fnmatchcase

from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain_boot import GuestBoot
from vfiotui.model.pci.option_rom import OptionRom

FEATURES = ("secure-boot", "enrolled-keys")
"""What a guest can ask of its firmware, or refuse (libvirt formatdomain, firmware)."""
MACHINES = {"q35": "pc-q35-9.2", "pc": "pc-i440fx-9.2"}
"""Short names of machine types, with a full one: descriptors have patterns of those."""
NOT_LOOKED = Unread("was not looked at", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class PathState:
    """One path that is there, links followed."""

    size: int
    """Bytes; 0 for a device."""
    mode: int
    """st_mode."""

    @property
    def is_file(self) -> bool:
        """A regular file."""
        return stat.S_ISREG(self.mode)

    @property
    def is_device(self) -> bool:
        """A character or block device."""
        return stat.S_ISCHR(self.mode) or stat.S_ISBLK(self.mode)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One firmware descriptor of QEMU's (docs/interop/firmware.json)."""

    path: str
    executable: str
    nvram_template: str
    features: frozenset[str]
    interfaces: frozenset[str]
    """uefi, bios, …"""
    targets: tuple[tuple[str, str], ...] = ()
    """Architecture and pattern of machine types; empty where the descriptor names none."""

    def unfit(self, boot: GuestBoot, machine: str) -> str:
        """Why libvirt passes it over for a guest, as a few words; empty where it fits.

        By interface, machine type and the features that the guest asks for or refuses (libvirt,
        qemuFirmwareMatchDomain).
        """
        if "uefi" not in self.interfaces:
            return "no EFI firmware"
        known = MACHINES.get(machine, machine)
        arch = boot.arch or "x86_64"
        if self.targets and not any(a == arch and (not known or fnmatchcase(known, m)) for a, m in self.targets):
            return f"not for {machine or arch}"
        for name in FEATURES:
            wanted = boot.feature(name)
            if wanted is not None and wanted is not (name in self.features):
                return f"{'no' if wanted else 'has'} {name}"
        return ""


@dataclass(frozen=True, slots=True)
class GuestFiles:
    """States of paths, by path as the guests name them."""

    states: Mapping[str, Reading[PathState]]
    """Unread with Why.ABSENT is the fact that nothing is there; any other reason is ignorance."""
    users: Mapping[str, Reading[tuple[str, ...]]]
    """Block devices that are sources of disks → what on this host uses them ("mounted at /home", "held by dm-0")."""
    roms: Mapping[str, Reading[OptionRom]]
    """ROM files of given devices, by path."""
    descriptors: Reading[tuple[Descriptor, ...]]
    iommufd: Reading[bool]
    """Whether /dev/iommu is there."""

    def efi(self, *, secure: bool) -> Reading[tuple[Descriptor, ...]]:
        """The descriptors of EFI firmware among which libvirt may choose; `secure`: those with secure boot."""
        wanted = {"secure-boot"} if secure else set()
        return then(
            self.descriptors, lambda all_: tuple(d for d in all_ if "uefi" in d.interfaces and wanted <= d.features)
        )

    def state(self, path: str) -> Reading[PathState]:
        """The state of a path."""
        return self.states.get(path, Unread(NOT_LOOKED.reason, NOT_LOOKED.why, path))

    def missing(self, path: str) -> bool | Unread:
        """Whether a path is surely not there; Unread where that cannot be told."""
        state = self.state(path)
        if isinstance(state, Unread):
            return True if state.why is Why.ABSENT else state
        return False

"""The devices of a guest, as far as something is said of them here."""

from __future__ import annotations

import re

from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.displays import Console, Display

IDS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class Hostdev:
    """A device of the host that the guest is given."""

    kind: str
    """pci, usb or mdev."""
    address: str
    """PCI: full BDF. USB: "bus-port", "bus:device" or "vendor:product". mdev: UUID."""
    managed: bool
    guest_address: str = ""
    rom_file: str = ""
    rom_bar: bool = True
    multifunction: bool = False
    """Whether the guest's address says that more functions follow."""
    iommufd: bool = False
    startup_policy: str = ""
    """mandatory, requisite, optional; empty means mandatory."""
    by: str = "hostdev"
    """The element that passes it: hostdev, interface, disk (an NVMe that QEMU itself drives) or commandline."""

    @property
    def usb_by(self) -> str:
        """How a USB device is told from others: ids, port or number."""
        if IDS.fullmatch(self.address):
            return "ids"
        return "port" if "-" in self.address else "number"


@dataclass(frozen=True, slots=True)
class Disk:
    """One <disk>."""

    device: str
    """disk, lun, cdrom or floppy."""
    kind: str
    """file, block, network, volume, nvme, …"""
    source: str
    """Path of a file or block device; empty for others and for an empty drive."""
    target: str
    bus: str
    format: str = ""
    cache: str = ""
    io: str = ""
    discard: str = ""
    iothreads: frozenset[int] = frozenset()
    startup_policy: str = ""


@dataclass(frozen=True, slots=True)
class Controller:
    """One <controller>."""

    kind: str
    index: int | None
    model: str = ""
    iothreads: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Shmem:
    """One <shmem>: memory shared with programs of the host."""

    name: str
    model: str = ""
    size: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Audio:
    """One <audio> backend."""

    kind: str
    """pipewire, pulseaudio, spice, none, …"""
    runtime_dir: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class Tpm:
    """One <tpm>."""

    model: str
    backend: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class GuestDevices:
    """All of them; PCI and USB devices of the host are Domain's hostdevs."""

    disks: tuple[Disk, ...] = ()
    controllers: tuple[Controller, ...] = ()
    videos: tuple[str, ...] = ()
    """Models of <video>, none included."""
    displays: tuple[Display, ...] = ()
    """Every <graphics>."""
    consoles: tuple[Console, ...] = ()
    """Every <console>."""
    shmems: tuple[Shmem, ...] = ()
    audios: tuple[Audio, ...] = ()
    tpms: tuple[Tpm, ...] = ()
    evdev: tuple[str, ...] = ()
    """Device paths of <input type='evdev'>."""

    @property
    def graphics(self) -> tuple[str, ...]:
        """Kinds of <graphics>: spice, vnc, …"""
        return tuple(d.kind for d in self.displays)

    @property
    def used_iothreads(self) -> frozenset[int]:
        """Numbers of the iothreads that some disk or controller uses."""
        users = [disk.iothreads for disk in self.disks] + [c.iothreads for c in self.controllers]
        return frozenset().union(*users)


@dataclass(frozen=True, slots=True)
class QemuLine:
    """What is handed to QEMU past libvirt (qemu:commandline)."""

    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    unnamed: bool = False
    """A <commandline> stands there without its namespace: libvirt passes it over."""

    def values(self, option: str) -> tuple[str, ...]:
        """What follows each of an option's uses: values("-device")."""
        return tuple(b for a, b in zip(self.arguments, self.arguments[1:], strict=False) if a == option)

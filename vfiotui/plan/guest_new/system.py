"""What each operating system wants of a new guest."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.new_guest import GIB, NewGuest


@dataclass(frozen=True, slots=True)
class System:
    """One operating system, as a new guest is made for it."""

    os_id: str = ""
    """What libosinfo calls it, or a near relative of it; empty where that says nothing."""
    disk_size: int = 40 * GIB
    """Bytes of an image unless a person says otherwise."""
    least_memory: int = GIB
    secure: bool = False
    """Whether its setup asks for secure boot with Microsoft's keys, and for a TPM 2.0."""
    virtio: bool = True
    """Whether its installer has drivers for virtio disks and network cards."""
    network: str = "virtio"
    """The network card that its installer knows."""


SYSTEMS = {
    "windows11": System("http://microsoft.com/win/11", 80 * GIB, 4 * GIB, True, False, "e1000e"),
    "windows10": System("http://microsoft.com/win/10", 60 * GIB, 2 * GIB, False, False, "e1000e"),
    "linux": System("http://libosinfo.org/linux/2022"),
    "macos": System("http://apple.com/macosx/10.15", 80 * GIB, 4 * GIB, False, False, "vmxnet3"),
    "other": System(virtio=False, network="e1000e"),
}
"""By the words of `model/guest/new_guest.py`. Windows 11 asks for 4 GiB of memory and a disk of 64 GiB (Microsoft,
Windows 11 requirements); its virtio drivers come on a medium of their own."""


def system_of(guest: NewGuest) -> System:
    """What the guest's operating system wants."""
    return SYSTEMS[guest.system]


def has_virtio(guest: NewGuest) -> bool:
    """Whether the system finds virtio devices when it is installed."""
    return system_of(guest).virtio or (guest.is_windows and bool(guest.virtio_iso))

"""What the host itself needs of its devices: disks, network, keyboards; and so what it loses with each."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.usb import Usb
from vfiotui.model.pci.vmd import hides

VITAL = ("/", "/boot", "/boot/efi", "/efi", "/usr", "/var", "/etc")
"""Mount points without which a host does not start or does not stay up."""


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Something of the host that lies on a disk."""

    bdf: str
    """The controller."""
    disk: str
    """nvme0n1p2."""
    place: str
    """A mount point, or "swap"."""
    way: str = ""
    """How the disk hangs there, as words that follow its name; empty for a disk of this controller alone."""
    usb: str = ""
    """The USB device that it is in, by its kernel name: "1-2.3"."""

    @property
    def vital(self) -> bool:
        """Whether the host cannot do without it."""
        return self.place in VITAL


@dataclass(frozen=True, slots=True)
class NetworkUse:
    """A network interface of a PCI function."""

    bdf: str
    interface: str
    up: bool
    default_route: bool
    """Whether the default route leads over it, or over a bridge or bond that it belongs to."""
    ssh_from: str
    """Address of an ssh session to this host over it; empty where there is none."""
    usb: str = ""
    """The USB device that it is, by its kernel name."""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """A keyboard."""

    name: str
    bdf: str
    """The controller that it hangs on; empty for PS/2 and the like."""
    usb: str = ""
    """The USB device that it is, by its kernel name."""


@dataclass(frozen=True, slots=True)
class HostUse:
    """What the host uses."""

    disks: Reading[tuple[DiskUse, ...]]
    networks: Reading[tuple[NetworkUse, ...]]
    keyboards: Reading[tuple[Keyboard, ...]]
    unseen: tuple[str, ...]
    """Mounts whose disks could not be followed to a controller."""


HOLDERS = ("pci-stub", "pciback", "xen-pciback")
"""Drivers beside those of vfio that hold a device for a guest (drivers/xen/xen-pciback calls its driver pciback)."""


def is_given(device: PciDevice) -> bool:
    """Whether a driver holds it for a guest, so that the host has lost it already."""
    return isinstance(device.driver, str) and ("vfio" in device.driver or device.driver in HOLDERS)


def lost_disks(use: Reading[HostUse], bdf: str) -> tuple[DiskUse, ...]:
    """What lies on the disks of a controller."""
    return () if isinstance(use, Unread) else tuple(d for d in or_else(use.disks, ()) if d.bdf == bdf)


def lost_networks(use: Reading[HostUse], bdf: str) -> tuple[NetworkUse, ...]:
    """The interfaces of a function that are in use; one that carries a route is, though its cable may be out now."""
    if isinstance(use, Unread):
        return ()
    used = (n for n in or_else(use.networks, ()) if n.up or n.default_route or n.ssh_from)
    return tuple(n for n in used if n.bdf == bdf)


def last_keyboards(use: Reading[HostUse], gone: frozenset[str]) -> tuple[Keyboard, ...]:
    """The keyboards of some controllers, where no keyboard would be left without them."""
    boards = () if isinstance(use, Unread) else or_else(use.keyboards, ())
    lost = tuple(k for k in boards if k.bdf in gone)
    return lost if lost and len(lost) == len(boards) else ()


def remaining_displays(bus: PciBus, gone: frozenset[str]) -> tuple[PciDevice, ...]:
    """Display controllers that the host keeps."""
    return tuple(d for d in bus.devices if d.is_display and d.bdf not in gone and not is_given(d))


def host_loses(device: PciDevice, bus: Reading[PciBus], usb: Reading[Usb], use: Reading[HostUse]) -> tuple[str, ...]:
    """What the host would lose with one function, the gravest first; empty where nothing is seen."""
    if is_given(device):
        return ()
    words = [
        f"{d.place} on {d.disk}{d.way}"
        for d in sorted(lost_disks(use, device.bdf), key=lambda d: (not d.vital, d.place))
    ]
    for net in lost_networks(use, device.bdf):
        what = "the default route" if net.default_route else "the network"
        who = f", and the ssh connection from {net.ssh_from}" if net.ssh_from else ""
        words.append(f"{what} over {net.interface}{who}")
    if device.is_display:
        left = isinstance(bus, PciBus) and remaining_displays(bus, frozenset({device.bdf}))
        words.append(("the boot display" if device.boot_vga is True else "a display") + ("" if left else ", its last"))
    last = {k.name for k in last_keyboards(use, frozenset({device.bdf}))}
    words += [f"the last keyboard, {name}" for name in sorted(last)]
    if not isinstance(usb, Unread):
        words += [
            ("Bluetooth, " if "btusb" in d.drivers else "USB ") + or_else(d.name, d.path)
            for c in usb.controllers
            if c.bdf == device.bdf
            for d in c.devices
            if not d.is_hub and or_else(d.name, d.path) not in last
        ]
    if not words and isinstance(device.driver, str) and device.class16 in (0x0104, 0x0106, 0x0107, 0x0108):
        seen = not isinstance(use, Unread) and not isinstance(use.disks, Unread)
        whose = "the disks behind it" if isinstance(bus, PciBus) and hides(device, bus) else "its disks"
        words.append(whose + (", none of them mounted" if seen else ""))
    return tuple(words)

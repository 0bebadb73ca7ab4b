"""What the host, and its guests, use a USB device for."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.guest_usb import matches
from vfiotui.model.pci.host_use import HostUse
from vfiotui.model.pci.usb import UsbDevice

CLAIMED = "usbfs"
"""The driver of an interface that a program drives through /dev/bus/usb, QEMU among them (drivers/usb/core/devio.c)."""


@dataclass(frozen=True, slots=True)
class UsbUse:
    """Who uses one device."""

    needs: tuple[str, ...] = ()
    """What the host would lose and cannot do without, as words: a mounted file system, its only keyboard, the network
    that is in use."""
    has: tuple[str, ...] = ()
    """What the host uses it for beside that."""
    guests: tuple[str, ...] = ()
    """Guests that have it now."""
    defined: tuple[str, ...] = ()
    """Guests that do not run and name it in their definition."""

    @property
    def words(self) -> tuple[str, ...]:
        """All of it, the gravest first."""
        return (*self.needs, *self.has, *(f"guest {g}" for g in self.guests), *(f"named by {g}" for g in self.defined))


def _within(device: str, path: str) -> bool:
    """Whether a device is the one at a path, or hangs on it.

    >>> _within("1-2.3", "1-2"), _within("1-23", "1-2")
    (True, False)
    """
    return bool(device) and (device == path or device.startswith(f"{path}."))


def usb_use(device: UsbDevice, use: Reading[HostUse], virt: Reading[Virt]) -> UsbUse:
    """Who uses a device; of a hub also what the host uses behind it. What could not be read is no use."""
    needs: list[str] = []
    has: list[str] = []
    if not isinstance(use, Unread):
        needs += [f"{d.place} on {d.disk}{d.way}" for d in or_else(use.disks, ()) if _within(d.usb, device.path)]
        for net in (n for n in or_else(use.networks, ()) if _within(n.usb, device.path)):
            if net.default_route or net.ssh_from:
                who = f", and the ssh connection from {net.ssh_from}" if net.ssh_from else ""
                needs.append(f"{'the default route' if net.default_route else 'the network'} over {net.interface}{who}")
            elif net.up:
                has.append(f"the network over {net.interface}")
        boards = or_else(use.keyboards, ())
        mine = [k for k in boards if _within(k.usb, device.path)]
        if mine:
            last = len(mine) == len(boards)
            name = mine[0].name
            (needs if last else has).append(f"the only keyboard, {name}" if last else f"a keyboard, {name}")
    if "btusb" in device.drivers:
        has.append("Bluetooth")
    running, defined = _guests(device, virt)
    return UsbUse(tuple(dict.fromkeys(needs)), tuple(dict.fromkeys(has)), running, defined)


def _guests(device: UsbDevice, virt: Reading[Virt]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The guests that run with a device, and those that only name it."""
    domains = () if isinstance(virt, Unread) else or_else(virt.domains, ())
    named = [d for d in domains if any(h.kind == "usb" and matches(h, device) is True for h in d.hostdevs)]
    held = CLAIMED in device.drivers
    # By its port or ids a guest names a device that it may not have: it has what a program drives.
    running = tuple(d.name for d in named if d.running and held)
    return running, tuple(d.name for d in named if d.name not in running)


def same_ids(device: UsbDevice, others: tuple[UsbDevice, ...]) -> tuple[UsbDevice, ...]:
    """The plugged devices that have the ids of a device, itself among them."""
    return tuple(d for d in others if device.ids and d.ids == device.ids)

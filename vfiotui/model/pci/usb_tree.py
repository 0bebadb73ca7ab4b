"""USB as a tree: controllers, their buses, the ports of each, and what is plugged in."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.usb_follow import Follow
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import HostUse
from vfiotui.model.pci.iommu import Iommu, judge_group
from vfiotui.model.pci.usb import Usb, UsbController, UsbDevice
from vfiotui.model.pci.usb_use import UsbUse, usb_use

MOST_PORTS = 255
"""What maxchild may be (drivers/usb/core/hub.c: USB_MAXCHILD is 31, of root hubs one byte)."""
DEEPEST = 7
"""Tiers of hubs that USB allows, and so levels of the tree."""


@dataclass(frozen=True, slots=True)
class UsbHost:
    """What the tree is made of."""

    usb: Usb
    pci: Reading[PciBus]
    iommu: Reading[Iommu]
    use: Reading[HostUse]
    virt: Reading[Virt]
    follows: Reading[tuple[Follow, ...]] = ()
    """The rules by which guests get devices as they are plugged in."""


@dataclass(frozen=True, slots=True)
class UsbNode:
    """A device with what hangs on it."""

    device: UsbDevice
    use: UsbUse
    follows: tuple[Follow, ...]
    """The rules that mean it."""
    twins: tuple[str, ...]
    """Other plugged devices with the same ids, by their ports."""
    children: tuple[UsbNode, ...] = ()
    free: tuple[str, ...] = ()
    """Of a hub: its ports without a device."""


@dataclass(frozen=True, slots=True)
class UsbBus:
    """A bus with its root hub."""

    number: int
    speed: str
    """Mbit/s; empty where unknown."""
    ports: int
    free: tuple[str, ...]
    children: tuple[UsbNode, ...]


@dataclass(frozen=True, slots=True)
class ControllerNode:
    """A controller with its buses, and whether a guest could have it whole."""

    controller: UsbController
    device: PciDevice | None
    """None where it is no PCI function, or those cannot be read."""
    buses: tuple[UsbBus, ...]
    whole: tuple[str, ...]
    """Why a guest cannot have all of it, as half sentences; empty where it can, or `unsure` says why that is not known.
    """
    unsure: str
    losses: tuple[str, ...]
    """What the host uses behind it."""

    @property
    def passable(self) -> bool:
        """Whether it can be passed to a guest as a PCI device."""
        return not self.whole and not self.unsure


def usb_tree(host: UsbHost) -> tuple[ControllerNode, ...]:
    """Every controller with what hangs on it, in the order of their addresses."""
    return tuple(_controller(c, host) for c in host.usb.controllers)


def nodes(tree: tuple[ControllerNode, ...]) -> Iterator[UsbNode]:
    """Every device of the tree, hubs too, from above."""

    def below(node: UsbNode) -> Iterator[UsbNode]:
        yield node
        for child in node.children:
            yield from below(child)

    for controller in tree:
        for bus in controller.buses:
            for node in bus.children:
                yield from below(node)


def _controller(controller: UsbController, host: UsbHost) -> ControllerNode:
    by_parent: dict[str, list[UsbDevice]] = {}
    there = {d.path for d in controller.devices}
    for one in controller.devices:
        # A device whose hub went away in the middle of the reading still belongs to its bus.
        above = one.parent if one.parent in there else f"usb{one.bus}"
        by_parent.setdefault(above, []).append(one)

    def made(device: UsbDevice, depth: int) -> UsbNode:
        below = sorted(by_parent.get(device.path, ()), key=_order) if depth < DEEPEST else []
        follows = tuple(f for f in or_else(host.follows, ()) if f.means(device, controller))
        twins = tuple(d.path for d in host.usb.devices if device.ids and d.ids == device.ids and d.path != device.path)
        children = tuple(made(child, depth + 1) for child in below)
        use = UsbUse() if device.is_hub else usb_use(device, host.use, host.virt)
        return UsbNode(device, use, follows, twins, children, _free(device, f"{device.path}.", there))

    buses = []
    for number in controller.buses:
        root = controller.root(number)
        children = tuple(made(d, 1) for d in sorted(by_parent.get(f"usb{number}", ()), key=_order))
        free = () if root is None else _free(root, f"{number}-", there)
        speed = root.speed if root is not None and isinstance(root.speed, str) else ""
        buses.append(UsbBus(number, speed, 0 if root is None else or_else(root.ports, 0), free, children))
    device = None if isinstance(host.pci, Unread) else host.pci.get(controller.bdf)
    whole, unsure = _whole(device, host)
    losses = tuple(
        f"{d.path}: {what}"
        for d in controller.devices
        if not d.is_hub
        for use in (usb_use(d, host.use, host.virt),)
        for what in (*use.needs, *use.has)
    )
    return ControllerNode(controller, device, tuple(buses), whole, unsure, losses)


def _order(device: UsbDevice) -> tuple[int, ...]:
    return tuple(int(part) for part in device.chain.split(".") if part.isdecimal())


def _free(hub: UsbDevice, prefix: str, there: set[str]) -> tuple[str, ...]:
    ports = min(or_else(hub.ports, 0), MOST_PORTS)
    return tuple(name for n in range(1, ports + 1) if (name := f"{prefix}{n}") not in there)


def _whole(device: PciDevice | None, host: UsbHost) -> tuple[tuple[str, ...], str]:
    """Why a controller cannot be passed whole, and why that is not known."""
    if device is None:
        said = "it is no PCI function" if not isinstance(host.pci, Unread) else ""
        return ((said,), "") if said else ((), f"the PCI devices cannot be read: {host.pci}")
    if isinstance(host.iommu, Unread) or isinstance(host.iommu.groups, Unread):
        why = host.iommu if isinstance(host.iommu, Unread) else host.iommu.groups
        return (), f"the IOMMU groups cannot be read: {why}"
    group = next((g for g in host.iommu.groups if device.bdf in g.members), None)
    if group is None:
        return ("it is in no IOMMU group",), ""
    assert isinstance(host.pci, PciBus)
    whole: list[str] = []
    verdict = judge_group(device, group, host.pci)
    others = (*verdict.blockers, *group.foreign, *(b for b in _slot_mates(device, host.pci)))
    if others:
        count = f"{', '.join(others[:3])}{f' and {len(others) - 3} more' if len(others) > 3 else ''}"
        whole.append(f"it shares group {group.number} or its slot with {count}")
    if device.has_reset is False:
        whole.append("the kernel knows no reset of it alone")
    needs = [n for d in _devices_of(device, host) for n in usb_use(d, host.use, host.virt).needs]
    whole += [f"the host needs {need}" for need in dict.fromkeys(needs)]
    return tuple(whole), "" if isinstance(device.has_reset, bool) else "whether it can be reset cannot be read"


def _slot_mates(device: PciDevice, bus: PciBus) -> Iterator[str]:
    """Functions of its slot in its own group: they go along. A controller that shares a slot with no more is alone."""
    for other in bus.card(device):
        if other.bdf != device.bdf and other.group == device.group:
            yield other.bdf


def _devices_of(device: PciDevice, host: UsbHost) -> tuple[UsbDevice, ...]:
    return next((c.devices for c in host.usb.controllers if c.bdf == device.bdf), ())

"""Hosts with hubs, sticks and keyboards on their USB, as sysfs shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from tests.hosts import HOSTS
from vfiotui.demo.builder import build
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.demo.tower import CPU_USB
from vfiotui.demo.tree import TreeBuilder
from vfiotui.host.pci import functions, host_use, iommu, usb
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import Node
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.usb_tree import UsbHost

DEVICES = "/sys/bus/usb/devices"
HUB, HID, STORAGE = "09", "03", "08"


@dataclass(frozen=True)
class Plugged:
    """A device by its kernel name."""

    path: str
    ids: str = "0781:5583"
    name: str = ""
    kind: str = "ff"
    driver: str = ""
    ports: int = 0
    number: int = 9


def place_of(nodes: dict[str, Node], path: str, controller: str) -> str:
    """The real folder of a device: below its root hub, each hub on the way a folder."""
    folder = next(p.rpartition("/")[0] for p in nodes if p.endswith(f"/{controller}/vendor") and "/devices/pci" in p)
    bus, _, chain = path.partition("-")
    parts = chain.split(".")
    return "/".join([f"{folder}/usb{bus}", *(f"{bus}-{'.'.join(parts[: n + 1])}" for n in range(len(parts)))])


def with_usb(
    plugged: Iterable[Plugged],
    host: Host | None = None,
    controller: str = CPU_USB,
    peers: Iterable[tuple[str, str]] = (),
    mounts: Iterable[tuple[str, str]] = (),
) -> dict[str, Node]:
    """The tower with these devices on two buses of a controller: 3 of 480 and 4 of 5000 Mbit/s, ten ports each.

    `peers` are ports of the root hubs; `mounts` devices of a disk, each with the place where it is mounted.
    """
    tree = TreeBuilder()
    base = HOSTS["tower"] if host is None else host
    tree.nodes = dict(build(replace(base, usb=tuple(u for u in base.usb if u.controller != controller))))
    for bus, speed in ((3, "480"), (4, "5000")):
        folder = place_of(tree.nodes, f"{bus}-1", controller).rpartition("/")[0]
        tree.files(folder, busnum=bus, devnum=1, idVendor="1d6b", idProduct="0002", speed=speed, maxchild=10)
        tree.link(f"{DEVICES}/usb{bus}", folder)
        interface = f"{folder}/{bus}-0:1.0"
        tree.files(interface, bInterfaceClass=HUB, bInterfaceProtocol="00")
        tree.link(f"{DEVICES}/{bus}-0:1.0", interface)
    for one in plugged:
        _plug(tree, one, place_of(tree.nodes, one.path, controller))
    for port, other in (pair for a, b in peers for pair in ((a, b), (b, a))):
        hub, mate = (place_of(tree.nodes, p, controller).rpartition("/")[0] for p in (port, other))
        names = [(f"usb{p.partition('-')[0]}-port{p.partition('-')[2]}", p.partition("-")[0]) for p in (port, other)]
        tree.link(f"{hub}/{names[0][1]}-0:1.0/{names[0][0]}/peer", f"{mate}/{names[1][1]}-0:1.0/{names[1][0]}")
    lines = ""
    for number, (path, mounted) in enumerate(mounts):
        disk = f"sd{chr(ord('x') + number)}"
        place = f"{place_of(tree.nodes, path, controller)}/{path}:1.0/host6/target6:0:0/6:0:0:0/block/{disk}"
        tree.files(place, dev=f"8:{240 + number}", size=1)
        tree.link(f"/sys/class/block/{disk}", place)
        tree.file(f"/dev/{disk}", "")
        lines += f"/dev/{disk} {mounted} vfat rw 0 0\n"
    before = tree.nodes.get("/proc/mounts")
    tree.file("/proc/mounts", (getattr(before, "data", b"").decode() + lines).encode())
    return tree.nodes


def _plug(tree: TreeBuilder, one: Plugged, folder: str) -> None:
    vendor, _, product = one.ids.partition(":")
    tree.files(folder, busnum=one.path.partition("-")[0], devnum=one.number, idVendor=vendor, idProduct=product)
    tree.files(folder, speed="480", **({"product": one.name} if one.name else {}))
    if one.ports:
        tree.file(f"{folder}/maxchild", one.ports)
    tree.link(f"{DEVICES}/{one.path}", folder)
    interface = f"{folder}/{one.path}:1.0"
    tree.files(interface, bInterfaceClass=one.kind, bInterfaceProtocol="01" if one.kind == HID else "00")
    tree.link(f"{DEVICES}/{one.path}:1.0", interface)
    if one.driver:
        tree.folder(f"/sys/bus/usb/drivers/{one.driver}")
        tree.link(f"{interface}/driver", f"/sys/bus/usb/drivers/{one.driver}")


def root_with(nodes: dict[str, Node], mode: Mode = Mode.CAPTURE) -> Root:
    """The tree as a root."""
    return Root(MemoryTree(nodes), mode)


def usb_host(root: Root) -> UsbHost:
    """What the tree of a root is made of, without guests."""
    found = usb.read(root)
    assert not isinstance(found, Unread)
    return UsbHost(found, functions.peek(root), iommu.read(root), host_use.read(root), Unread("no guests"))


def deep() -> list[Plugged]:
    """Hubs six deep, with a stick at the end."""
    hubs = [Plugged("3-1" + ".1" * n, "05e3:0608", "USB2.0 Hub", HUB, "hub", ports=4) for n in range(5)]
    return [*hubs, Plugged("3-1.1.1.1.1.1", name="Ultra Fit", kind=STORAGE, driver="usb-storage")]


def guest_with(name: str, hostdev: str) -> GuestDesc:
    """A small guest that has one more device."""
    return GuestDesc(
        name,
        f"<domain type='kvm'><name>{escape(name)}</name><uuid>11111111-2222-3333-4444-555555555555</uuid>"
        f"<memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>"
        f"<devices>{hostdev}</devices></domain>",
    )

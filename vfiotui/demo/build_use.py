"""What a described host uses: file systems on disks, network interfaces, keyboards."""

from __future__ import annotations

import socket
import struct

from vfiotui.demo.build_pci import places
from vfiotui.demo.description import Host, MountDesc, NetDesc, UsbDesc
from vfiotui.demo.tree import TreeBuilder

BLOCK, NET = "/sys/class/block", "/sys/class/net"
VIRTUAL = "/sys/devices/virtual"
HID, KEYBOARD = 3, 1
ADDRESS, NETWORK, MASK = "192.0.2.10", "192.0.2.0", "255.255.255.0"
ANY = "0" * 8
BLANK = "\\040"
"""How /proc/mounts writes it."""
TCP_HEAD = "  sl  local_address rem_address   st"
ROUTE_HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT"


def build_use(tree: TreeBuilder, host: Host) -> None:
    """Mounts with their disks, interfaces with their routes, keyboards."""
    real = places(host)
    mounts, swaps = ["proc /proc proc rw 0 0"], ["Filename\tType\tSize\tUsed\tPriority"]
    if host.hugetlbfs:
        mounts.append(f"hugetlbfs /dev/hugepages hugetlbfs rw,pagesize={host.hugetlbfs} 0 0")
    for index, mount in enumerate(host.mounts):
        source = _disk(tree, real[mount.controller], mount, index)
        if mount.place == "swap":
            swaps.append(f"{source}\tpartition\t8388604\t0\t-2")
        else:
            place = mount.place.replace(" ", BLANK)
            mounts.append(f"{source} {place} ext4 rw,relatime 0 0")
    tree.file("/proc/mounts", "\n".join(mounts))
    tree.file("/proc/swaps", "\n".join(swaps))
    tree.folder(NET)
    routes, connections = [ROUTE_HEAD], [TCP_HEAD]
    for net in host.networks:
        _interface(tree, real[net.bdf], net)
        name = net.bridge or net.name
        if net.default:
            routes.append(f"{name}\t{ANY}\t{_hex('192.0.2.1')}\t0003\t0\t0\t0\t{ANY}\t0\t0\t0")
            routes.append(f"{name}\t{_hex(NETWORK)}\t{ANY}\t0001\t0\t0\t0\t{_hex(MASK)}\t0\t0\t0")
        if net.ssh_from:
            connections.append(f"   0: {_hex(ADDRESS)}:0016 {_hex(net.ssh_from)}:C350 01")
    tree.file("/proc/net/route", "\n".join(routes))
    tree.file("/proc/net/tcp", "\n".join(connections))
    boards = [u for u in host.usb if u.kind == HID and u.protocol == KEYBOARD]
    tree.file("/proc/bus/input/devices", "".join(_keyboard(u, real[u.controller]) for u in boards))


def _hex(address: str) -> str:
    """An address as the tables of /proc/net print it: the processor's byte order."""
    return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"


def _disk(tree: TreeBuilder, controller: str, mount: MountDesc, index: int) -> str:
    folder = f"{controller}/block/{mount.disk}"
    tree.folder(folder)
    tree.link(f"{BLOCK}/{mount.disk}", folder)
    if not mount.mapped:
        tree.file(f"/dev/{mount.disk}", b"", 0o660)
        return f"/dev/{mount.disk}"
    volume = f"{VIRTUAL}/block/dm-{index}"
    tree.file(f"{volume}/dm/name", mount.mapped)
    tree.link(f"{volume}/slaves/{mount.disk}", folder)
    tree.link(f"{BLOCK}/dm-{index}", volume)
    return f"/dev/mapper/{mount.mapped}"


def _interface(tree: TreeBuilder, function: str, net: NetDesc) -> None:
    folder = f"{function}/net/{net.name}"
    tree.file(f"{folder}/operstate", "up")
    tree.link(f"{folder}/device", function)
    tree.link(f"{NET}/{net.name}", folder)
    if net.bridge:
        bridge = f"{VIRTUAL}/net/{net.bridge}"
        tree.file(f"{bridge}/operstate", "up")
        tree.link(f"{bridge}/lower_{net.name}", folder)
        tree.link(f"{NET}/{net.bridge}", bridge)


def _keyboard(device: UsbDesc, controller: str) -> str:
    place = f"{controller}/usb{device.bus}/{device.bus}-{device.port}".removeprefix("/sys")
    return (
        f'I: Bus=0003 Vendor={device.vendor:04x} Product={device.product:04x} Version=0110\nN: Name="{device.name}"\n'
        f"P: Phys=usb\nS: Sysfs={place}/{device.bus}-{device.port}:1.0/input/input3\n"
        "H: Handlers=sysrq kbd event3 leds\nB: EV=120013\n\n"
    )

"""What a described host uses: file systems on disks, network interfaces, keyboards.

And what draws on it, and who holds its devices open.
"""

from __future__ import annotations

import socket
import struct

from vfiotui.demo.build_pci import places
from vfiotui.demo.description import Host, MountDesc, NetDesc, PciDesc, ScreenDesc, UsbDesc
from vfiotui.demo.tree import TreeBuilder

DRM, SOUND, CONSOLES, PLATFORM = "/sys/class/drm", "/sys/class/sound", "/sys/class/vtconsole", "/sys/bus/platform"
DRAWING = ("amdgpu", "nouveau", "nvidia", "i915", "xe", "radeon")
"""Drivers that make a DRM card."""
PLATFORM_DEVICES = "/sys/devices/platform"


def build_screens(tree: TreeBuilder, host: Host) -> None:
    """Framebuffers, consoles, DRM and sound cards, the map of memory, and processes with open nodes."""
    real = places(host)
    cards = [d for d in host.pci if d.class_code >> 16 == 3 and d.driver in DRAWING]
    for number, card in enumerate(cards):
        folder = f"{real[card.bdf]}/drm/card{number}"
        tree.link(f"{folder}/device", real[card.bdf])
        tree.link(f"{DRM}/card{number}", folder)
        tree.file(f"{folder}/card{number}-DP-1/status", "connected" if card.boot_vga else "disconnected")
        tree.link(f"{DRM}/card{number}-DP-1", f"{folder}/card{number}-DP-1")
    for number, card in enumerate(d for d in host.pci if d.driver == "snd_hda_intel"):
        folder = f"{real[card.bdf]}/sound/card{number}"
        tree.link(f"{folder}/device", real[card.bdf])
        tree.link(f"{SOUND}/card{number}", folder)
    lines = [f"{n} {d.driver}drmfb" for n, d in enumerate(cards)]
    if host.screen:
        lines.append(f"{len(lines)} {host.screen.name}")
        _firmware(tree, host.screen)
    tree.file("/proc/fb", "\n".join(lines))
    tree.file("/proc/iomem", "\n".join(_iomem(host)))
    for number, kind in enumerate(host.consoles):
        tree.files(f"{CONSOLES}/vtcon{number}", name=kind, bind=1)
    for process in host.processes:
        tree.file(f"/proc/{process.pid}/comm", process.name)
        tree.folder(f"/proc/{process.pid}/fd", 0o500)
        for number, node in enumerate(process.nodes):
            tree.absolute(f"/proc/{process.pid}/fd/{number + 3}", node)


def _firmware(tree: TreeBuilder, screen: ScreenDesc) -> None:
    device = f"{PLATFORM_DEVICES}/{screen.device}"
    tree.folder(device)
    tree.link(f"{PLATFORM}/devices/{screen.device}", device)
    if screen.driver:
        tree.folder(f"{PLATFORM}/drivers/{screen.driver}")
        tree.link(f"{device}/driver", f"{PLATFORM}/drivers/{screen.driver}")


def _iomem(host: Host) -> list[str]:
    """Each function with its first BAR; the firmware's framebuffer lies inside its card's."""
    rows = ["00001000-0009ffff : System RAM", "90000000-fbffffff : PCI Bus 0000:00"]
    for number, device in enumerate(d for d in host.pci if d.bars):
        start = 0x9000_0000 + number * 0x10_0000
        rows.append(f"  {start:08x}-{start + 0xFFFFF:08x} : {device.bdf}")
        rows += _inside(host.screen, device, start)
    return rows


def _inside(screen: ScreenDesc | None, device: PciDesc, start: int) -> list[str]:
    if screen is None or screen.bdf != device.bdf:
        return []
    return [f"    {start:08x}-{start + 0x7FFFF:08x} : {screen.claim}"]


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
    for size in host.hugetlbfs.split():
        mounts.append(f"hugetlbfs /dev/hugepages{size} hugetlbfs rw,pagesize={size} 0 0")
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
    tree.files(f"{volume}/dm", name=mount.mapped, uuid=f"{'mpath-3600140' if mount.multipath else 'LVM-'}{index}")
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

"""From a description to the nodes of a whole file system; users, services and control groups are made here.

So are the file pci.ids, of the names in the description (format: the PCI ID Project), and USB: buses below their
controllers, devices below their buses.
"""

from __future__ import annotations

from vfiotui.demo.build_boot import build_boot, build_modules
from vfiotui.demo.build_cpu import build_cpu, online
from vfiotui.demo.build_guest import build_guests
from vfiotui.demo.build_interrupts import build_interrupts
from vfiotui.demo.build_iommu import build_iommu
from vfiotui.demo.build_memory import build_memory
from vfiotui.demo.build_node import build_nodes
from vfiotui.demo.build_pci import build_pci, places
from vfiotui.demo.build_use import build_screens, build_use
from vfiotui.demo.description import Host, PciDesc, UsbDesc
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.nodes import Folder, Nodes
from vfiotui.model.cpu.cpuset import format_list

DEVICES = "/sys/bus/usb/devices"


def build_usb(tree: TreeBuilder, host: Host) -> None:
    """Every bus with its root hub, and every device with one interface."""
    real = places(host)
    tree.folder(DEVICES)
    for bus, controller in sorted({(u.bus, u.controller) for u in host.usb}):
        folder = f"{real[controller]}/usb{bus}"
        tree.files(
            folder,
            busnum=bus,
            devnum=1,
            idVendor="1d6b",
            idProduct="0002",
            bDeviceClass="09",
            manufacturer=f"Linux {host.release} xhci-hcd",
            product="xHCI Host Controller",
            speed="480",
            maxchild=10,
        )
        tree.link(f"{DEVICES}/usb{bus}", folder)
    numbers: dict[int, int] = {}
    for device in host.usb:
        numbers[device.bus] = numbers.get(device.bus, 1) + 1
        _device(tree, device, f"{real[device.controller]}/usb{device.bus}", numbers[device.bus])


def _device(tree: TreeBuilder, device: UsbDesc, hub: str, number: int) -> None:
    name = f"{device.bus}-{device.port}"
    folder = f"{hub}/{name}"
    tree.files(
        folder,
        busnum=device.bus,
        devnum=number,
        devpath=device.port,
        idVendor=f"{device.vendor:04x}",
        idProduct=f"{device.product:04x}",
        bDeviceClass="00",
        product=device.name,
        speed="480",
    )
    if device.maker:
        tree.file(f"{folder}/manufacturer", device.maker)
    tree.link(f"{DEVICES}/{name}", folder)
    interface = f"{folder}/{name}:1.0"
    tree.files(interface, bInterfaceClass=f"{device.kind:02x}", bInterfaceProtocol=f"{device.protocol:02x}")
    tree.link(f"{DEVICES}/{name}:1.0", interface)
    if device.driver:
        tree.folder(f"/sys/bus/usb/drivers/{device.driver}")
        tree.link(f"{interface}/driver", f"/sys/bus/usb/drivers/{device.driver}")


PATH = "/usr/share/misc/pci.ids"
CLASSES = """C 01  Mass storage controller
\t06  SATA controller
\t08  Non-Volatile memory controller
C 02  Network controller
\t00  Ethernet controller
\t80  Network controller
C 03  Display controller
\t00  VGA compatible controller
\t02  3D controller
\t80  Display controller
C 04  Multimedia controller
\t03  Audio device
C 05  Memory controller
\t00  RAM memory
C 06  Bridge
\t00  Host bridge
\t01  ISA bridge
\t04  PCI bridge
C 08  Generic system peripheral
\t06  IOMMU
C 0c  Serial bus controller
\t03  USB controller
\t05  SMBus
\t80  Serial bus controller
C 10  Encryption controller
\t80  Encryption controller
C 13  Non-Essential Instrumentation
"""


def pci_ids(devices: tuple[PciDesc, ...]) -> str:
    """The names of some devices in the file's form; the first name of a number counts."""
    makers: dict[int, str] = {}
    names: dict[tuple[int, int], str] = {}
    boards: dict[tuple[int, int], dict[tuple[int, int], str]] = {}
    for device in devices:
        key = (device.vendor, device.device)
        if device.maker:
            makers.setdefault(device.vendor, device.maker)
        if device.name:
            names.setdefault(key, device.name)
        if device.board:
            boards.setdefault(key, {}).setdefault(device.subsystem, device.board)
    lines = []
    for vendor in sorted({v for v, _ in names} | makers.keys()):
        lines.append(f"{vendor:04x}  {makers.get(vendor, f'Vendor {vendor:04x}')}")
        for (of, number), name in sorted(names.items()):
            if of != vendor:
                continue
            lines.append(f"\t{number:04x}  {name}")
            for (sub_vendor, sub_device), board in sorted(boards.get((of, number), {}).items()):
                lines.append(f"\t\t{sub_vendor:04x} {sub_device:04x}  {board}")
    return "\n".join(lines) + "\n" + CLASSES


def build_names(tree: TreeBuilder, host: Host) -> None:
    """The file, where the description names any device; else the names of the system that looks are borrowed."""
    if any(d.name or d.maker for d in host.pci):
        tree.file(PATH, pci_ids(host.pci).encode())


UNITS = "/usr/lib/systemd/system"


def build_access(tree: TreeBuilder, host: Host) -> None:
    """Who may do what, which services run, and which CPUs they may use."""
    tree.file("/etc/passwd", "\n".join(f"{line}::/:/bin/sh" for line in host.users))
    tree.file("/etc/group", "root:x:0:\nkvm:x:104:libvirt-qemu\nlibvirt:x:105:user")
    tree.folder("/etc/systemd/system/multi-user.target.wants")
    tree.folder("/run/systemd/units")
    if host.user is not None:
        tree.file("/proc/self/loginuid", host.user)
    for service in host.enabled:
        tree.absolute(f"/etc/systemd/system/multi-user.target.wants/{service}.service", f"{UNITS}/{service}.service")
        if service not in host.masked:
            tree.absolute(f"/run/systemd/units/invocation:{service}.service", "0123456789abcdef0123456789abcdef")
    for service in host.masked:
        tree.absolute(f"/etc/systemd/system/{service}.service", "/dev/null")
    every = format_list(online(host.cpu))
    tree.file("/sys/fs/cgroup/machine.slice/cpuset.cpus.effective", host.machine_cpus or every)
    tree.file("/sys/fs/cgroup/system.slice/cpuset.cpus.effective", every)
    tree.file("/sys/fs/cgroup/cpuset.cpus.isolated", "")
    tree.folder("/var/lib/libvirt/images", 0o711)
    tree.file("/usr/bin/qemu-img", b"", 0o755)
    for path, mode in host.modes.items():
        if path not in host.files:
            tree.nodes[path] = Folder(mode)


def build(host: Host) -> Nodes:
    """The tree of a machine; equal descriptions give equal trees."""
    tree = TreeBuilder()
    build_cpu(tree, host.cpu)
    build_nodes(tree, host)
    build_memory(tree, host)
    build_boot(tree, host)
    build_modules(tree, host)
    build_pci(tree, host)
    build_names(tree, host)
    build_interrupts(tree, host)
    build_iommu(tree, host)
    build_usb(tree, host)
    build_guests(tree, host)
    build_use(tree, host)
    build_screens(tree, host)
    build_access(tree, host)
    for path, content in host.files.items():
        tree.file(path, content if isinstance(content, bytes) else content.encode(), host.modes.get(path, 0o644))
    gone = tuple(f"{path}/" for path in host.remove)
    return {path: node for path, node in tree.nodes.items() if not f"{path}/".startswith(gone)} if gone else tree.nodes

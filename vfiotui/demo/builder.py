"""From a description to the nodes of a whole file system; users, services and control groups are made here."""

from __future__ import annotations

from vfiotui.demo.build_boot import build_boot, build_modules
from vfiotui.demo.build_cpu import build_cpu, online
from vfiotui.demo.build_guest import build_guests
from vfiotui.demo.build_interrupts import build_interrupts
from vfiotui.demo.build_iommu import build_iommu
from vfiotui.demo.build_memory import build_memory
from vfiotui.demo.build_node import build_nodes
from vfiotui.demo.build_pci import build_pci
from vfiotui.demo.build_usb import build_usb
from vfiotui.demo.build_use import build_screens, build_use
from vfiotui.demo.description import Host
from vfiotui.demo.pci_ids import build_names
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.nodes import Folder, Nodes
from vfiotui.model.cpu.cpuset import format_list

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
        tree.absolute(f"/run/systemd/units/invocation:{service}.service", "0123456789abcdef0123456789abcdef")
    every = format_list(online(host.cpu))
    tree.file("/sys/fs/cgroup/machine.slice/cpuset.cpus.effective", host.machine_cpus or every)
    tree.file("/sys/fs/cgroup/system.slice/cpuset.cpus.effective", every)
    tree.file("/sys/fs/cgroup/cpuset.cpus.isolated", "")
    tree.folder("/var/lib/libvirt/images", 0o711)
    for path, mode in host.modes.items():
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
        tree.file(path, content if isinstance(content, bytes) else content.encode())
    gone = tuple(f"{path}/" for path in host.remove)
    return {path: node for path, node in tree.nodes.items() if not f"{path}/".startswith(gone)} if gone else tree.nodes

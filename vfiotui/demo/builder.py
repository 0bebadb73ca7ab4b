"""From a description to the nodes of a whole file system."""

from __future__ import annotations

from vfiotui.demo.build_access import build_access
from vfiotui.demo.build_boot import build_boot
from vfiotui.demo.build_cpu import build_cpu
from vfiotui.demo.build_guest import build_guests
from vfiotui.demo.build_interrupts import build_interrupts
from vfiotui.demo.build_iommu import build_iommu
from vfiotui.demo.build_memory import build_memory
from vfiotui.demo.build_modules import build_modules
from vfiotui.demo.build_node import build_nodes
from vfiotui.demo.build_pci import build_pci
from vfiotui.demo.build_screens import build_screens
from vfiotui.demo.build_usb import build_usb
from vfiotui.demo.build_use import build_use
from vfiotui.demo.description import Host
from vfiotui.demo.pci_ids import build_names
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.nodes import Nodes


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

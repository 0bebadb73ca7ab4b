"""IOMMUs and PCI host bridges of a device tree (Devicetree bindings iommu/iommu.txt and pci/pci-iommu.txt)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.pci.iommu import TreeIommu

TREES = ("/proc/device-tree", "/sys/firmware/devicetree/base")
"""The first is a link to the second."""
BUS = re.compile(r"soc|axi|bus|smb|platform|amba")
IOMMU_NODE = re.compile(r"(?:iommu|smmu|dart)\b")
HOST_BRIDGE = re.compile(r"pcie?@[0-9a-f,]{1,40}")
DEPTH = 3
"""Folders below the top in which buses lie in buses."""
NODES = 4096


def read(root: Root) -> Reading[TreeIommu | None]:
    """What the tree says of its IOMMUs, nodes with status "disabled" left out; None where there is no device tree."""
    for top in TREES:
        names = root.names(top)
        if not isinstance(names, Unread):
            break
    if isinstance(names, Unread):
        return None if names.why is Why.ABSENT else names
    nodes = [(f"{folder}/{name}", name) for folder, name in _nodes(root, top, names, DEPTH)][:NODES]
    bridges = [(p, n) for p, n in nodes if HOST_BRIDGE.fullmatch(n) and _is_on(root, p)]
    behind = {path: root.exists(f"{path}/iommu-map") for path, _ in bridges}
    unseen = next((b for b in behind.values() if isinstance(b, Unread)), None)
    if unseen is not None:
        return unseen
    return TreeIommu(
        top,
        tuple(n for p, n in nodes if IOMMU_NODE.match(n) and _is_on(root, p)),
        tuple(n for p, n in bridges if behind[p] is True),
        tuple(n for p, n in bridges if behind[p] is False),
    )


def _nodes(root: Root, folder: str, names: tuple[str, ...], depth: int) -> Iterator[tuple[str, str]]:
    """All that lies in a folder and in the buses below it."""
    for name in names:
        yield folder, name
        if depth and BUS.match(name):
            below = or_else(root.names(f"{folder}/{name}"), ())
            yield from _nodes(root, f"{folder}/{name}", below, depth - 1)


def _is_on(root: Root, node: str) -> bool:
    """Whether a node is in use: its status is absent, okay or ok (Devicetree Specification, 2.3.4)."""
    status = root.bytes(f"{node}/status", 64)
    return isinstance(status, Unread) or is_on(status)


def is_on(status: bytes) -> bool:
    """Whether a node with this status is in use."""
    return status.rstrip(b"\0\n") in (b"okay", b"ok")

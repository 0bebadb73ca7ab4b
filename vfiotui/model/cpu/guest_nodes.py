"""The NUMA nodes that a guest sees (<numa>), and the host's nodes of their vCPUs and their memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.guest.domain import Domain


@dataclass(frozen=True, slots=True)
class PinnedCell:
    """A NUMA node that the guest sees."""

    number: int
    vcpus: frozenset[int]
    nodes: CpuSet | None
    """The host's nodes that its memory must come from; None: any."""


def cells_of(domain: Domain) -> tuple[PinnedCell, ...]:
    """The guest's NUMA nodes with the host's nodes of their memory: a cell's own, else those of all its memory."""
    backing, own = domain.backing, {n.cell: n for n in domain.backing.cell_nodes}
    found = []
    for cell in domain.cells:
        said = own.get(cell.number)
        mode, nodes = (backing.node_mode, backing.nodes) if said is None else (said.mode, said.nodes)
        found.append(PinnedCell(cell.number, cell.cpus, nodes if mode == "strict" and nodes else None))
    return tuple(found)


def cell_faults(
    cells: tuple[PinnedCell, ...], pins: Mapping[int, CpuSet], node_of: Callable[[int], int | None]
) -> tuple[str, ...]:
    """What is wrong with the guest's nodes, each as a half sentence; `pins` are by vCPU, `node_of` gives a CPU's node.

    A guest that sees nodes places its work by them: each must be whole on one node of the host, with its memory.
    """
    said = []
    for cell in cells:
        cpus = (c for vcpu in cell.vcpus for c in pins.get(vcpu, ()))
        homes = {node for c in cpus if (node := node_of(c)) is not None}
        if len(homes) > 1:
            said.append(f"the vCPUs of its node {cell.number} lie on the host's nodes {format_list(homes)}")
        elif homes and cell.nodes is None:
            said.append(
                f"the vCPUs of its node {cell.number} run on the host's node {format_list(homes)}, "
                "and its memory may come from any"
            )
        elif homes and cell.nodes is not None and not cell.nodes <= homes:
            said.append(
                f"the vCPUs of its node {cell.number} run on the host's node {format_list(homes)}, "
                f"and its memory comes from {format_list(cell.nodes)}"
            )
    return tuple(said)

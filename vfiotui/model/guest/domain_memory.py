"""The memory of a guest: pages, sharing, locks and nodes."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class HugePages:
    """One <page> of memoryBacking/hugepages; size 0 is the default size."""

    size_kib: int
    nodeset: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One <cell> of cpu/numa: a NUMA node that the guest sees."""

    number: int
    cpus: frozenset[int]
    """Its vCPUs."""
    memory_kib: int


@dataclass(frozen=True, slots=True)
class CellNodes:
    """One <memnode> of numatune: the host's nodes of one cell's memory."""

    cell: int
    mode: str
    """strict, preferred, interleave or restrictive."""
    nodes: frozenset[int]


@dataclass(frozen=True, slots=True)
class MemoryBacking:
    """memoryBacking, numatune and memtune, but for huge pages and sharing, which Domain has."""

    locked: bool = False
    no_share_pages: bool = False
    hard_limit_kib: int | None = None
    modules: bool = False
    """It has <memory> devices (DIMMs, NVDIMMs), which count into its memory."""
    node_mode: str = ""
    """strict, preferred, interleave, restrictive of numatune/memory; empty where there is none."""
    nodes: frozenset[int] = frozenset()
    """Its nodeset."""
    cell_nodes: tuple[CellNodes, ...] = ()
    """For the cells that have nodes of their own."""

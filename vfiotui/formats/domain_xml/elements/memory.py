"""<memory>, <memtune>, <memoryBacking>, <numatune>: the memory of a guest, its pages and its nodes."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import TEXT, Amount, Cpus, Number, Part, Word
from vfiotui.formats.domain_xml.elements.cpu import Cell
from vfiotui.formats.domain_xml.words import kib
from vfiotui.model.guest.domain_memory import CellNodes
from vfiotui.model.guest.domain_memory import HugePages as Asked
from vfiotui.model.guest.domain_memory import MemoryBacking as Backing

SMALL_PAGE_KIB = 4
"""The smallest page of any host: it is never a huge one, and libvirt gives a guest that asks for it plain memory."""


class Memory(Part):
    """What the guest has at its start; where <numa> has cells, libvirt makes it their sum."""

    path = "memory"
    size = Amount(TEXT, "its size")


class CurrentMemory(Part):
    """What the balloon leaves to the guest."""

    path = "currentMemory"
    size = Amount(TEXT, "its size")


class HardLimit(Part):
    """What QEMU's process may use in all."""

    path = "memtune/hard_limit"
    size = Amount(TEXT, "its size")


class MemoryBacking(Part):
    """How the host provides the memory."""

    path = "memoryBacking"
    order = ("hugepages", "nosharepages", "locked", "source", "access", "allocation", "discard")


class HugePages(Part):
    """Memory from huge pages; those of the default size where no <page> is listed."""

    path = "memoryBacking/hugepages"


class Page(Part):
    """One size of huge pages, and the guest's nodes that get them."""

    path = "memoryBacking/hugepages/page"
    size = Amount("size", "size of a page")
    nodeset = Cpus("nodeset", "the guest's nodes; all where it is missing")


class NoSharePages(Part):
    """KSM leaves the guest's memory alone."""

    path = "memoryBacking/nosharepages"


class Locked(Part):
    """The host never swaps the guest's memory."""

    path = "memoryBacking/locked"


class Source(Part):
    """What holds the memory."""

    path = "memoryBacking/source"
    type = Word("type", "file, anonymous or memfd")


class Access(Part):
    """Whether other processes can map the memory."""

    path = "memoryBacking/access"
    mode = Word("mode", "shared or private")


class Allocation(Part):
    """When the memory is allocated."""

    path = "memoryBacking/allocation"
    mode = Word("mode", "immediate or ondemand")
    threads = Number("threads", "threads that do it")


class Numatune(Part):
    """The host's nodes that the memory comes from."""

    path = "numatune"
    order = ("memory", "memnode")


class NodeMemory(Part):
    """The nodes of the whole memory."""

    path = "numatune/memory"
    mode = Word("mode", "strict, preferred, interleave or restrictive")
    nodeset = Cpus("nodeset", "the host's nodes")
    placement = Word("placement", "static: as the XML says; auto: as numad says")


class CellMemory(Part):
    """The nodes of one cell's memory."""

    path = "numatune/memnode"
    cell = Number("cellid", "number of the cell")
    mode = Word("mode", "strict, preferred, interleave or restrictive", "strict")
    nodeset = Cpus("nodeset", "the host's nodes")


class MemoryModule(Part):
    """A DIMM or an NVDIMM."""

    path = "devices/memory"


class ModuleSize(Part):
    """What a module adds to the memory."""

    path = "devices/memory/target/size"
    size = Amount(TEXT, "its size")


def memory_kib(domain: Part) -> int:
    """The KiB that QEMU gives the guest: the sum of its cells where it has some, and with them its memory devices.

    0 where it is missing or damaged. libvirt makes <memory> equal to that sum when it defines a guest
    (virDomainDefPostParseMemory); a file can say something else.
    """
    cells = Cell.each(domain)
    if not cells:
        return kib(Memory.of(domain).size)
    return sum(kib(cell.memory) for cell in cells) + sum(kib(module.size) for module in ModuleSize.each(domain))


def huge_pages_of(backing: MemoryBacking) -> tuple[Asked, ...]:
    """The huge pages that are asked for; size 0 is the default size."""
    asked = Page.each(backing)
    if not asked:
        return (Asked(0),) if HugePages.of(backing).given else ()
    found = (Asked(kib(page.size), Page.nodeset.word(page.element) or "") for page in asked if page.element is not None)
    return tuple(p for p in found if p.size_kib != SMALL_PAGE_KIB)


def shared(backing: MemoryBacking) -> bool:
    """Whether the memory is shared: memfd, or access mode shared."""
    return Access.of(backing).mode == "shared" or Source.of(backing).type == "memfd"


def backing_of(domain: Part, backing: MemoryBacking) -> Backing:
    """Locks, limits and nodes."""
    nodes, limit = NodeMemory.of(domain), HardLimit.of(domain).size
    return Backing(
        locked=Locked.of(backing).given,
        no_share_pages=NoSharePages.of(backing).given,
        hard_limit_kib=None if limit is None else limit // 1024,
        modules=MemoryModule.of(domain).given,
        node_mode=nodes.mode,
        nodes=nodes.nodeset or frozenset(),
        cell_nodes=tuple(
            CellNodes(number, cell.mode, cell.nodeset or frozenset())
            for cell in CellMemory.each(domain)
            if (number := cell.cell) is not None
        ),
    )

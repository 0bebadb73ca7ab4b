"""Where a guest's memory comes from: pools of huge pages, and what Looking Glass maps past libvirt."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.model.cpu.guest_nodes import cells_of
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_memory import HugePages
from vfiotui.model.memory.host_memory import HugePool, Memory

KVMFR = re.compile(r"mem-path[\"']?[=:]\s*[\"']?(/dev/kvmfr\d+)")
BYTES = re.compile(r"[\"']?size[\"']?[=:]\s*[\"']?(\d{1,15})([KMGkmg]?)")
FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def page_size(memory: Memory, page: HugePages) -> Reading[int]:
    """KiB of a page; what asks for the default size follows /proc/meminfo."""
    if page.size_kib:
        return page.size_kib
    if isinstance(memory.meminfo, Unread):
        return memory.meminfo
    return memory.meminfo.get("Hugepagesize", Unread("the kernel has no huge pages", path="/proc/meminfo"))


def memory_of(domain: Domain) -> Reading[int]:
    """KiB that the guest has in all; Unread where its XML does not say it."""
    return domain.memory_kib or Unread("its XML does not say how much memory it has", Why.DAMAGED, domain.source)


def cells_in(domain: Domain, page: HugePages) -> Reading[frozenset[int]]:
    """Numbers of the cells whose memory lies in pages of this kind; a guest without cells has the cell 0.

    A page without a nodeset is for the cells that no other page names (libvirt, qemuBuildMemoryGetPagesize).
    """
    cells = frozenset(c.number for c in domain.cells) or frozenset({0})
    if page.nodeset:
        named = parse_list(page.nodeset)
        return named if isinstance(named, Unread) else named & cells
    others = [parse_list(p.nodeset) for p in domain.huge_pages if p.nodeset]
    unread = next((o for o in others if isinstance(o, Unread)), None)
    if unread is not None:
        return unread
    return cells.difference(*(o for o in others if not isinstance(o, Unread)))


def parts_of(domain: Domain, page: HugePages) -> Reading[tuple[int, ...]]:
    """KiB of each piece of memory that lies in pages of this kind."""
    named = cells_in(domain, page)
    if isinstance(named, Unread):
        return named
    if not domain.cells:
        whole = memory_of(domain)
        return whole if isinstance(whole, Unread) else (whole,) if named else ()
    found = tuple(c.memory_kib for c in domain.cells if c.number in named)
    if all(found):
        return found
    return Unread("its XML does not say how much memory each cell has", Why.DAMAGED, domain.source)


@dataclass(frozen=True, slots=True)
class Demand:
    """Huge pages that a guest wants at its start."""

    size_kib: int
    count: int
    nodes: frozenset[int] | None
    """The host's nodes that they must come from; None: any."""

    @property
    def where(self) -> str:
        """A half sentence: " on node 1", or nothing."""
        return "" if self.nodes is None else f" on node {format_list(self.nodes)}"


def demands_of(memory: Memory, domain: Domain) -> Reading[tuple[Demand, ...]]:
    """What a guest wants, by the size of the pages and the nodes that their memory is bound to."""
    backing = domain.backing
    bound = {cell.number: cell.nodes for cell in cells_of(domain)}
    if not domain.cells:
        own = next((n for n in backing.cell_nodes if n.cell == 0), None)
        mode, nodes = (backing.node_mode, backing.nodes) if own is None else (own.mode, own.nodes)
        bound[0] = nodes if mode == "strict" and nodes else None
    sizes = {c.number: c.memory_kib for c in domain.cells}
    found: dict[tuple[int, frozenset[int] | None], int] = {}
    for page in domain.huge_pages:
        size, named, parts = page_size(memory, page), cells_in(domain, page), parts_of(domain, page)
        for reading in (size, named, parts):
            if isinstance(reading, Unread):
                return reading
        assert not isinstance(size, Unread) and not isinstance(named, Unread)
        for cell in sorted(named):
            kib = sizes.get(cell, domain.memory_kib)
            key = (size, bound.get(cell))
            found[key] = found.get(key, 0) + -(-kib // size)
    return tuple(Demand(size, count, nodes) for (size, nodes), count in found.items())


def pool_of(memory: Memory, size_kib: int, node: int | None = None) -> HugePool | None:
    """The pool of a size, of the whole host or of a node; None where there is none or it is unread."""
    pools = () if isinstance(memory.pools, Unread) else memory.pools
    return next((p for p in pools if p.node == node and p.size_kib == size_kib), None)


def _backends(domain: Domain) -> list[tuple[str, str]]:
    """Device path and the whole argument of each memory backend on KVMFR."""
    return [(found[1], text) for text in domain.qemu.values("-object") if (found := KVMFR.search(text))]


def kvmfr_paths(domain: Domain) -> tuple[str, ...]:
    """The KVMFR devices that a guest maps past libvirt."""
    return tuple(dict.fromkeys(path for path, _ in _backends(domain)))


def kvmfr_bytes(domain: Domain) -> int | None:
    """How much of KVMFR it maps; None where it maps none or does not say.

    QEMU's size suffixes are powers of 1024; a bare number is bytes.
    """
    for _, text in _backends(domain):
        if (found := BYTES.search(text)) is not None:
            return int(found[1]) * FACTORS[found[2].lower()]
    return None

"""Where a guest's memory comes from: pools of huge pages, and what Looking Glass maps past libvirt."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.cpu.cpuset import parse_list
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


def parts_of(domain: Domain, page: HugePages) -> Reading[tuple[int, ...]]:
    """KiB of each piece of memory that lies in pages of this kind: the cells that it names, or all of them."""
    if not domain.cells:
        whole = memory_of(domain)
        return whole if isinstance(whole, Unread) else (whole,)
    named = parse_list(page.nodeset) if page.nodeset else frozenset(c.number for c in domain.cells)
    if isinstance(named, Unread):
        return named
    found = tuple(c.memory_kib for c in domain.cells if c.number in named)
    if all(found):
        return found
    return Unread("its XML does not say how much memory each cell has", Why.DAMAGED, domain.source)


def pool_of(memory: Memory, size_kib: int) -> HugePool | None:
    """The whole host's pool of a size; None where there is none or it is unread."""
    pools = () if isinstance(memory.pools, Unread) else memory.pools
    return next((p for p in pools if p.node is None and p.size_kib == size_kib), None)


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

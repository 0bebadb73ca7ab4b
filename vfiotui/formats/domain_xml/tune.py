"""Pins, iothreads and memory settings of domain XML."""

from __future__ import annotations

from itertools import count, islice

from vfiotui.formats.domain_xml.words import amount, attribute, cpuset, kib, number, scaled, text_of
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.guest.domain_memory import Cell, HugePages, MemoryBacking

SMALL_PAGE_KIB = 4
"""The smallest page of any host: it is never a huge one, and libvirt gives a guest that asks for it plain memory."""


def pins_of(tune: Element | None, name: str, key: str) -> tuple[tuple[int, CpuSet], ...]:
    """Pins such as vcpupin, by their number; a damaged one is left out."""
    found = []
    for element in [] if tune is None else tune.all(name):
        index, cpus = number(element.get(key)), cpuset(element.get("cpuset"))
        if index is not None and cpus is not None:
            found.append((index, cpus))
    return tuple(sorted(found, key=lambda pin: pin[0]))


def enabled_vcpus(domain: Element) -> CpuSet | None:
    """Numbers of the vCPUs that <vcpus> switches on; None without such a list."""
    listed = domain.all("vcpus/vcpu")
    on = (number(v.get("id")) for v in listed if v.get("enabled") == "yes")
    return frozenset(n for n in on if n is not None) if listed else None


def iothread_ids(domain: Element) -> tuple[int, ...]:
    """Numbers of the iothreads: those that are named, then the lowest free ones up to <iothreads>."""
    named = [number(e.get("id")) for e in domain.all("iothreadids/iothread")]
    known = list(dict.fromkeys(n for n in named if n is not None))
    wanted = number(text_of(domain.find("iothreads"))) or 0
    taken = set(known)
    free = (n for n in count(1) if n not in taken)
    return tuple(sorted((*known, *islice(free, max(wanted - len(known), 0)))))


def huge_pages_of(backing: Element | None) -> tuple[HugePages, ...]:
    """The huge pages that are asked for; size 0 is the default size."""
    pages = None if backing is None else backing.find("hugepages")
    if pages is None:
        return ()
    asked = pages.all("page")
    sizes = ((scaled(p.get("size"), p.get("unit", "KiB")) or 0, p.get("nodeset", "")) for p in asked)
    found = tuple(HugePages(size // 1024, nodes) for size, nodes in sizes)
    return tuple(p for p in found if p.size_kib != SMALL_PAGE_KIB) if asked else (HugePages(0),)


def cells_of(cpu: Element | None) -> tuple[Cell, ...]:
    """The NUMA cells that the guest sees; libvirt numbers those that have no id."""
    found = [] if cpu is None else cpu.all("numa/cell")
    return tuple(
        Cell(
            place if (named := number(cell.get("id"))) is None else named,
            cpuset(cell.get("cpus")) or frozenset(),
            (scaled(cell.get("memory"), cell.get("unit", "KiB")) or 0) // 1024,
        )
        for place, cell in enumerate(found)
    )


def memory_kib(domain: Element) -> int:
    """The KiB that QEMU gives the guest: the sum of its cells where it has some, and with them its memory devices.

    0 where it is missing or damaged. libvirt makes <memory> equal to that sum when it defines a guest
    (virDomainDefPostParseMemory); a file can say something else.
    """
    cells = cells_of(domain.find("cpu"))
    if not cells:
        return kib(domain.find("memory"))
    return sum(c.memory_kib for c in cells) + sum(kib(size) for size in domain.all("devices/memory/target/size"))


def shared(backing: Element | None) -> bool:
    """Whether the memory is shared: memfd, or access mode shared."""
    if backing is None:
        return False
    return attribute(backing.find("access"), "mode") == "shared" or attribute(backing.find("source"), "type") == "memfd"


def backing_of(domain: Element) -> MemoryBacking:
    """Locks, limits and nodes."""
    backing, tuned = domain.find("memoryBacking"), domain.find("numatune/memory")
    limit = amount(domain.find("memtune/hard_limit"))
    return MemoryBacking(
        locked=backing is not None and backing.find("locked") is not None,
        no_share_pages=backing is not None and backing.find("nosharepages") is not None,
        hard_limit_kib=None if limit is None else limit // 1024,
        modules=domain.find("devices/memory") is not None,
        node_mode=attribute(tuned, "mode"),
        nodes=cpuset(attribute(tuned, "nodeset")) or frozenset(),
    )

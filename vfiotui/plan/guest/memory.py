"""Goals about a guest's memory: its pages, its size, its node, what locks and shares it."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import kib, scaled
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, switch, whole

MOST_KIB = 1 << 40


def _huge(work: Definition, value: str) -> None:
    """0 is the host's default size, which is asked for by naming none."""
    size, xml = whole(value, "page size in KiB", 1 << 30), work.xml
    xml.huge_pages = True
    pages = xml.root.all("memoryBacking/hugepages/page")
    if not size:
        xml.remove_all(pages, prune=False)
        return
    memory = work.facts.memory
    pools = () if isinstance(memory, Unread) else or_else(memory.pools, ())
    if pools and size not in {p.size_kib for p in pools}:
        raise PlanError(f"this host has no huge pages of {size} KiB")
    xml.remove_all(pages[1:], prune=False)
    xml.set_attribute("memoryBacking/hugepages/page", "nodeset", None)
    xml.set_attribute("memoryBacking/hugepages/page", "size", str(size))
    xml.set_attribute("memoryBacking/hugepages/page", "unit", "KiB")


def _locked(work: Definition, value: str) -> None:
    work.xml.locked = switch(value)


def _unshared(work: Definition, value: str) -> None:
    work.xml.no_same_pages = switch(value)


def _node(work: Definition, value: str) -> None:
    nodes = parse_list(value)
    if isinstance(nodes, Unread) or not nodes:
        raise PlanError(f"{value!r} is no list of nodes, such as 0 or 0-1")
    topology = work.facts.cpu
    if not isinstance(topology, Unread) and (lost := nodes - {n.node for n in topology.nodes}):
        raise PlanError(f"this host has no node {min(lost)}")
    work.xml.memory_mode = "strict"
    work.xml.memory_nodes = nodes
    # numad's choice would stand beside it (formatdomain, NUMA node tuning).
    work.xml.memory_placement = None


def _kib(work: Definition, path: str) -> int:
    element = work.xml.root.find(path)
    return 0 if element is None else kib(scaled(element.text, element.get("unit", "KiB")))


def set_memory(work: Definition, value: str) -> None:
    """The guest has so many KiB of memory; what a balloon leaves it stays, where that is less."""
    size, domain, xml = whole(value, "memory size in KiB", MOST_KIB), work.domain, work.xml
    if domain.cells:
        raise PlanError(f"{work.name} has NUMA cells, whose sum is its memory: change those by hand")
    if not size:
        raise PlanError("a guest needs memory")
    for path in ("memory", "currentMemory"):
        element = xml.root.find(path)
        if element is None:
            continue
        if path == "currentMemory" and _kib(work, path) != domain.memory_kib:
            # A balloon leaves the guest less: that stays.
            continue
        xml.set_text(path, str(size))
        if "unit" in element.attributes:
            xml.set_attribute(path, "unit", "KiB")


PLANNERS = (
    definition_goal(
        "domain.memory.huge",
        "KIB",
        "back the guest's memory with huge pages of this size (0: the host's default)",
        "huge pages {2}",
        _huge,
    ),
    definition_goal(
        "domain.memory.locked", "on|off", "lock the guest's memory into RAM, or do not", "memory locked: {2}", _locked
    ),
    definition_goal(
        "domain.memory.nosharepages",
        "on|off",
        "keep KSM from merging the guest's pages (on), or let it (off)",
        "no pages merged by KSM: {2}",
        _unshared,
    ),
    definition_goal(
        "domain.memory.node",
        "NODES",
        "take the guest's memory from these NUMA nodes only",
        "memory from node {2}",
        _node,
    ),
    definition_goal(
        "domain.memory.round",
        "KIB",
        "set the guest's memory to a size that its huge pages fill",
        "{2} KiB of memory",
        set_memory,
    ),
)

"""A pinning into a guest's XML, and the changes that it makes there; every other byte stays.

An element that says the same already is left as it is. libvirt: formatdomain, CPU allocation and tuning.
"""

from __future__ import annotations

from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.model.base.reading import or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Pinning, Shape
from vfiotui.model.cpu.topology import CpuSet, Topology


def with_pinning(xml: str, wanted: Pinning, topology: Topology | None = None) -> str:
    """The XML with the pinning in it; raises ValueError where the XML is no domain or cannot take another count.

    With the host's topology the guest's processor gets what makes its shape true: topoext and the host's caches.
    """
    domain = DomainXml(xml)
    _count(domain, wanted)
    domain.vcpu_pins = wanted.vcpus
    domain.emulator_pin = wanted.emulator
    _iothreads(domain, wanted.iothread_ids)
    domain.iothread_pins = wanted.iothread_pins
    if wanted.shape is not None:
        _shape(domain, wanted.shape, topology)
    if wanted.nodes is not None:
        _cell(domain, wanted.nodes)
        domain.memory_nodes = wanted.nodes
        domain.memory_mode = domain.memory_mode or "strict"
        domain.memory_placement = None
    return domain.xml


def _count(domain: DomainXml, wanted: Pinning) -> None:
    # A guest whose definition names no number has one (libvirt, formatdomain).
    if (domain.vcpus or 1) != wanted.count:
        if domain.root.find("vcpus") is not None or domain.root.find("cpu/numa") is not None:
            raise ValueError(
                f"the guest lists its {domain.vcpus} vCPUs one by one (<vcpus> or <numa>): "
                f"change those by hand before it gets {wanted.count}"
            )
        beyond = {v for v in domain.scheduled_vcpus if v >= wanted.count}
        if beyond:
            raise ValueError(
                f"<vcpusched> names vCPU {format_list(beyond)}, and libvirt refuses a guest without it: "
                "take it from there first"
            )
        domain.vcpus = wanted.count
        domain.current_vcpus = None
        domain.placement = domain.placement or "static"


def _iothreads(domain: DomainXml, wanted: tuple[int, ...]) -> None:
    """The iothreads of these numbers; ValueError where one that goes is in use: libvirt refuses such a guest."""
    gone = set(domain.iothread_ids) - set(wanted)
    used = gone & domain.used_iothreads
    if used:
        raise ValueError(
            f"iothread {format_list(used)} is used by a disk, a controller or <iothreadsched>: take it from there first"
        )
    if set(wanted) != set(domain.iothread_ids):
        domain.iothread_ids = wanted


def _cell(domain: DomainXml, nodes: CpuSet) -> None:
    """The memory of the guest's only NUMA node moves along; ValueError where there are several."""
    cells = domain.memory_cells
    if any(not own <= nodes for own in cells.values()):
        if len(cells) > 1:
            raise ValueError(
                "the memory of each of its NUMA nodes (<memnode>) has a node of its own: "
                "change pins and memory of each by hand"
            )
        domain.memory_cells = dict.fromkeys(cells, nodes)


def _shape(domain: DomainXml, shape: Shape, topology: Topology | None) -> None:
    element = domain.root.find("cpu/topology")
    if element is None and domain.root.find("cpu") is None and shape.threads == shape.dies == 1:
        # A guest that says nothing about its processor keeps what libvirt gives it.
        return
    if element is None or shape != _present(domain):
        domain.sockets = shape.sockets
        if shape.dies > 1 or domain.dies is not None:
            domain.dies = shape.dies
        if shape.clusters > 1 or domain.clusters is not None:
            domain.clusters = shape.clusters
        domain.cores = shape.cores
        domain.threads = shape.threads
    if domain.cpu_mode == "host-passthrough" and topology is not None:
        if domain.root.find("cpu/cache") is None:
            domain.cache_mode = "passthrough"
        if shape.threads > 1 and or_else(topology.vendor, "") == "AuthenticAMD":
            # QEMU hides SMT from guests of AMD hosts without it.
            domain.cpu_features = {**domain.cpu_features, "topoext": "require"}


def _present(domain: DomainXml) -> Shape:
    """What the XML says; a number that it leaves out is 1 to libvirt."""
    numbers = (domain.sockets, domain.dies, domain.cores, domain.threads, domain.clusters)
    return Shape(*(1 if n is None else n for n in numbers))


def changes(before: str, after: str) -> tuple[str, ...]:
    """What differs between two XMLs as far as pinning goes, in words."""
    old, new = DomainXml(before), DomainXml(after)
    said = []
    for what, a, b in (
        ("vCPUs", old.vcpus, new.vcpus),
        ("iothreads", format_list(old.iothread_ids), format_list(new.iothread_ids)),
        ("emulator", _list(old.emulator_pin), _list(new.emulator_pin)),
        ("shape", _shape_of(old), _shape_of(new)),
        ("memory from nodes", _list(old.memory_nodes), _list(new.memory_nodes)),
    ):
        if a != b:
            said.append(f"{what}: {a or 'none'} → {b or 'none'}")
    for what, pins, others in (
        ("vCPU", old.vcpu_pins, new.vcpu_pins),
        ("iothread", old.iothread_pins, new.iothread_pins),
    ):
        for index in sorted({*pins, *others}):
            a, b = _list(pins.get(index)), _list(others.get(index))
            if a != b:
                said.append(f"{what} {index}: {a or 'any CPU'} → {b or 'any CPU'}")
    return tuple(said)


def _list(cpus: frozenset[int] | None) -> str:
    return format_list(cpus) if cpus else ""


def _shape_of(domain: DomainXml) -> str:
    names = ("sockets", "dies", "clusters", "cores", "threads")
    parts = ((name, getattr(domain, name)) for name in names)
    return " ".join(f"{n} {word}" for word, n in parts if n is not None)

"""<cpu>: the processor that a guest sees, with its caches and its NUMA cells."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import TEXT, Amount, Cpus, Number, Part, Switch, Word
from vfiotui.formats.domain_xml.words import kib
from vfiotui.model.guest.domain_cpu import GuestCpu
from vfiotui.model.guest.domain_memory import Cell as GuestCell


class Cpu(Part):
    """The processor."""

    path = "cpu"
    order = ("model", "vendor", "topology", "cache", "maxphysaddr", "feature", "numa")
    mode = Word("mode", "host-passthrough, host-model, custom or maximum")
    check = Word("check", "none, partial or full: whether the guest may start with less than is asked for")
    migratable = Switch("migratable", "whether features that no other host has are left out")


class Model(Part):
    """A processor that QEMU knows by name."""

    path = "cpu/model"
    name = Word(TEXT, "its name")


class Topology(Part):
    """How the vCPUs are arranged."""

    path = "cpu/topology"
    sockets = Number("sockets", "packages", 1)
    dies = Number("dies", "dies of a package", 1)
    clusters = Number("clusters", "clusters of a die", 1)
    cores = Number("cores", "cores of a cluster", 1)
    threads = Number("threads", "threads of a core", 1)


class Cache(Part):
    """The caches that the guest sees."""

    path = "cpu/cache"
    mode = Word("mode", "passthrough: the host's; emulate: QEMU's; disable: none")
    level = Number("level", "of the one that is emulated")


class Maxphysaddr(Part):
    """How wide the guest's physical addresses are."""

    path = "cpu/maxphysaddr"
    mode = Word("mode", "passthrough: as the host's; emulate: as bits says")
    bits = Number("bits", "the width")
    limit = Number("limit", "the most that passthrough gives")


class Feature(Part):
    """A feature that is added or taken away."""

    path = "cpu/feature"
    name = Word("name", "its name")
    policy = Word("policy", "force, require, optional, disable or forbid", "require")


class Cell(Part):
    """A NUMA node that the guest sees."""

    path = "cpu/numa/cell"
    id = Number("id", "its number; libvirt counts where it is missing")
    cpus = Cpus("cpus", "its vCPUs")
    memory = Amount("memory", "its memory")


def topology_of(cpu: Cpu) -> tuple[int, int, int, int] | None:
    """Sockets, dies, cores, threads; None where they are not given or damaged."""
    shape = Topology.of(cpu)
    sockets, dies, cores, threads = shape.sockets, shape.dies, shape.cores, shape.threads
    if not shape.given or sockets is None or dies is None or cores is None or threads is None:
        return None
    return (sockets, dies, cores, threads)


def cpu_of(cpu: Cpu) -> GuestCpu:
    """Model, features, cache, address width."""
    if not cpu.given:
        return GuestCpu()
    width = Maxphysaddr.of(cpu)
    return GuestCpu(
        model=Model.of(cpu).name,
        features=tuple((f.name, f.policy) for f in Feature.each(cpu)),
        cache_mode=Cache.of(cpu).mode,
        clusters=Topology.of(cpu).clusters or 1,
        address_mode=width.mode,
        address_bits=width.bits,
        address_limit=width.limit,
    )


def cells_of(cpu: Cpu) -> tuple[GuestCell, ...]:
    """The NUMA cells that the guest sees; libvirt numbers those that have no id."""
    return tuple(
        GuestCell(place if (named := cell.id) is None else named, cell.cpus or frozenset(), kib(cell.memory))
        for place, cell in enumerate(Cell.each(cpu))
    )

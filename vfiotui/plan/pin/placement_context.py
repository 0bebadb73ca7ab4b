"""What a guest can be placed on: the cores of the host, and what is taken of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.cores import CacheDomain, Core, cores_in, domains_of
from vfiotui.model.cpu.pinning import Pinning, owners_of
from vfiotui.model.cpu.topology import CpuSet, Topology
from vfiotui.model.guest.domain import Domain, UnreadGuest
from vfiotui.model.pci.functions import PciBus

X86 = ("GenuineIntel", "AuthenticAMD", "HygonGenuine", "CentaurHauls", "Shanghai")


@dataclass(frozen=True)
class PlacementContext:
    """The host as one guest sees it."""

    topology: Topology
    domains: tuple[CacheDomain, ...]
    taken: Mapping[int, str]
    """CPUs of vCPUs of other guests that run or start by themselves → the guest."""
    busy: Mapping[int, str]
    """CPUs to which other guests pin their emulator or iothreads → the guest."""
    spoken_for: Mapping[int, str]
    """CPUs of vCPUs of guests that neither run nor start by themselves → the guest."""
    allowed: CpuSet
    """CPUs that run and that guests may use."""
    near: CpuSet
    """Nodes of the device that the guest should be near to; empty where there is none or it is unknown."""
    unread: tuple[UnreadGuest, ...] = ()
    """Guests that may have any of the CPUs, because their descriptions could not be read."""

    @cached_property
    def cores(self) -> tuple[Core, ...]:
        """Every core that runs."""
        return cores_in(self.domains)

    @cached_property
    def by_cpu(self) -> dict[int, Core]:
        """The core of every CPU that runs."""
        return {cpu: core for core in self.cores for cpu in core.cpus}

    @cached_property
    def nodes(self) -> tuple[int, ...]:
        """NUMA nodes with CPUs that run."""
        return tuple(sorted({c.node for c in self.cores if c.node is not None}))

    @cached_property
    def host_core(self) -> Core | None:
        """The core that stays with the host whatever happens: that of the lowest CPU that is not isolated."""
        plain = [c for c in self.cores if not c.isolated]
        return min(plain or self.cores, key=lambda c: c.first, default=None)

    @cached_property
    def isolates(self) -> bool:
        """Whether the host keeps its own work off some CPUs."""
        return any(c.isolated for c in self.cores)

    @cached_property
    def knows_dies(self) -> bool:
        """Whether guests of this host can be shown dies: PC machine types can."""
        return or_else(self.topology.vendor, "") in X86

    @property
    def unseen(self) -> str:
        """That some guests' CPUs are not known, as a sentence without a full stop; empty where all are known."""
        if not self.unread:
            return ""
        first = self.unread[0]
        more = f" and {len(self.unread) - 1} more" if len(self.unread) > 1 else ""
        return f"not checked whether {first.name}{more} has the same CPUs: {first.why}"

    def free(self, core: Core) -> bool:
        """Whether a guest may have the whole core."""
        return all(c in self.allowed and c not in self.taken and c not in self.busy for c in core.cpus)

    def distance(self, node: int, other: int) -> int:
        """How far two nodes are apart; 10 is the node itself, and what is unknown is very far."""
        if node == other:
            return 10
        for row in self.topology.nodes:
            if row.node == node and not isinstance(row.distances, Unread):
                order = [n.node for n in self.topology.nodes]
                place = order.index(other) if other in order else len(row.distances)
                return row.distances[place] if place < len(row.distances) else 255
        return 255


def placement_context(
    topology: Topology,
    others: Iterable[Domain],
    near: CpuSet = frozenset(),
    unread: tuple[UnreadGuest, ...] = (),
) -> PlacementContext:
    """The ground for a guest; `others` are all other guests, of which those count that run or start by themselves."""
    taken: dict[int, str] = {}
    busy: dict[int, str] = {}
    spoken_for: dict[int, str] = {}
    most = len(topology.online_cpus) // 2
    for domain in others:
        if not (domain.running or domain.autostart):
            spoken_for |= dict.fromkeys(owners_of(domain), domain.name)
            continue
        taken |= dict.fromkeys(owners_of(domain), domain.name)
        for cpus in (domain.emulator_cpus, *domain.iothread_cpus.values()):
            # A pin to most of the host is no pin.
            if cpus and len(cpus) <= most:
                busy |= dict.fromkeys(cpus, domain.name)
    online = frozenset(c.cpu for c in topology.online_cpus)
    limit = or_else(topology.guest_cpus, online)
    return PlacementContext(topology, domains_of(topology), taken, busy, spoken_for, online & limit, near, unread)


def context_of(
    guest: Domain | None,
    topology: Topology,
    pci: Reading[PciBus],
    domains: Iterable[Domain],
    not_whole: Iterable[UnreadGuest],
    device: str | None = None,
) -> PlacementContext:
    """The context of one of the `domains`, near to a `device` (an address), without one near to its own devices.

    `not_whole` are the guests of which not all is known; nearness counts where the host has several NUMA nodes.
    """
    name = None if guest is None else guest.name
    near: CpuSet = frozenset()
    if guest is not None and len(topology.nodes) > 1:
        near = near_of(pci, guest) if device is None else or_else(nodes_near(pci, device), near)
    others = (d for d in domains if d.name != name)
    return placement_context(topology, others, near, tuple(g for g in not_whole if g.name != name))


def bound_in(pinning: Pinning, context: PlacementContext) -> Pinning:
    """The pinning without pins to all CPUs, which are none: libvirt leaves such where a running thread is freed."""
    online = context.by_cpu.keys()
    rest = None if pinning.rest is None or pinning.rest >= online else pinning.rest
    return replace(pinning, pins=tuple(p for p in pinning.pins if len(p[1]) == 1 or not p[1] >= online), rest=rest)


def nodes_near(pci: Reading[PciBus], address: str) -> Reading[CpuSet]:
    """The NUMA node of a device; Unread where the device or its node is not known."""
    if isinstance(pci, Unread):
        return pci
    device = next((d for d in pci.devices if d.bdf == address), None)
    if device is None:
        return Unread(f"there is no device {address}")
    if isinstance(device.numa_node, Unread):
        return device.numa_node
    return frozenset({device.numa_node}) if device.numa_node is not None else Unread(f"{address} belongs to no node")


def near_of(pci: Reading[PciBus], guest: Domain) -> CpuSet:
    """The nodes that a guest should be near to: its own card's, else that of another device of its own, else none."""
    if isinstance(pci, Unread):
        return frozenset()
    own = {*(h.address for h in guest.pci_hostdevs), *guest.pci_pool}
    devices = sorted((d for d in pci.devices if d.bdf in own), key=lambda d: not d.is_display)
    found = (nodes_near(pci, d.bdf) for d in devices)
    return next((n for n in found if not isinstance(n, Unread)), frozenset())

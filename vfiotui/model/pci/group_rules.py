"""How the kernel forms IOMMU groups, and how pcie_acs_override= would change them.

A function joins the group of the bridge above it unless every port up to the root isolates; else it joins functions of
its own slot that do not isolate; else it gets a group of its own. What isolates is seen in the registers, and in the
groups of today: the kernel knows chips that its list of quirks names, and no register shows. The override is a patch:
it takes functions of the chosen kinds for isolating, but never one that is not PCI Express or that has an ACS
capability, whatever of it is switched on.

Sources: drivers/iommu/iommu.c pci_device_group; drivers/pci/pci.c pci_acs_enabled, pci_acs_path_enabled;
drivers/pci/search.c pci_for_each_dma_alias; the function pcie_acs_overrides of the patch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import Capabilities, PciBus, PciDevice
from vfiotui.model.pci.group_why import CONVENTIONAL, PORTS, missing_acs
from vfiotui.model.pci.iommu import IommuGroup
from vfiotui.model.pci.slot_location import INTEL, way_up

DOWNSTREAM, MULTIFUNCTION = "downstream", "multifunction"
INTEGRATED = "Root Complex Integrated Endpoint"
ENDPOINTS = ("Endpoint", "Legacy Endpoint", INTEGRATED)
MANY = (*ENDPOINTS, "Upstream Port")
"""Kinds that need access control only where their slot has several functions."""

Isolates = Mapping[str, Reading[bool]]
"""Address → whether the kernel takes the function for one that isolates; Unread where neither a register nor
the groups say so."""


@dataclass(frozen=True, slots=True)
class Override:
    """What pcie_acs_override= names."""

    downstream: bool = False
    multifunction: bool = False
    ids: frozenset[tuple[int, int]] = frozenset()
    """Vendor and device of "id:VVVV:DDDD"."""
    strange: tuple[str, ...] = ()
    """Parts that the patch ignores."""

    def covers(self, device: PciDevice, bus: PciBus) -> Reading[bool]:
        """Whether the patch takes a function for one that isolates."""
        caps = device.capabilities
        if isinstance(caps, Unread):
            return caps
        if caps.dead or caps.express is None or caps.acs is not None:
            return caps.acs if isinstance(caps.acs, Unread) else False
        if (device.vendor, device.device) in self.ids:
            return True
        if caps.express.kind in PORTS:
            return self.downstream
        return self.multifunction and caps.express.kind in MANY and has_siblings(device, bus)


def parse_override(value: str) -> Override:
    """The value of pcie_acs_override=: parts between commas; the patch looks at how a part begins.

    >>> parse_override("downstream,id:8086:a110").ids
    frozenset({(32902, 41232)})
    >>> parse_override("downstreams,multi").strange
    ('multi',)
    """
    parts = [p for p in value.split(",") if p]
    ids: set[tuple[int, int]] = set()
    strange = []
    for part in parts:
        if part.startswith((DOWNSTREAM, MULTIFUNCTION)):
            continue
        numbers = part.removeprefix("id:").split(":") if part.startswith("id:") else []
        try:
            vendor, device = (int(n, 16) if 0 < len(n) <= 4 and n.isalnum() else -1 for n in numbers)
        except ValueError:
            vendor = device = -1
        if min(vendor, device) < 0:
            strange.append(part)
        else:
            ids.add((vendor, device))
    return Override(
        any(p.startswith(DOWNSTREAM) for p in parts),
        any(p.startswith(MULTIFUNCTION) for p in parts),
        frozenset(ids),
        tuple(strange),
    )


def has_siblings(device: PciDevice, bus: PciBus) -> bool:
    """Whether the kernel takes a function for one of several of its slot."""
    if isinstance(device.sriov_parent, str):
        above = bus.get(device.sriov_parent)
        return above is not None and above.bdf != device.bdf and not above.is_virtual and has_siblings(above, bus)
    caps = device.capabilities
    marked = isinstance(caps, Capabilities) and not caps.dead and bool(caps.header_type & 0x80)
    return marked or len([f for f in bus.functions(device.slot) if not f.is_virtual]) > 1


def by_registers(device: PciDevice, bus: PciBus) -> Reading[bool]:
    """Whether a function isolates, by its registers alone."""
    caps = device.capabilities
    if isinstance(caps, Unread):
        return caps
    if caps.dead or caps.express is None:
        return False
    kind = caps.express.kind
    if kind == INTEGRATED and device.vendor == INTEL:
        return True
    if kind in MANY and not has_siblings(device, bus):
        return True
    if kind not in PORTS and kind not in MANY:
        return False
    acs = caps.acs
    return acs if isinstance(acs, Unread) else acs is not None and not missing_acs(acs)


def speaks_for_all(bridge: PciDevice) -> bool:
    """Whether what lies below a bridge reaches the IOMMU under the bridge's address: conventional PCI."""
    caps = bridge.capabilities
    if not isinstance(caps, Capabilities) or caps.dead:
        return False
    return caps.express is None or caps.express.kind in CONVENTIONAL


def groups_by(bus: PciBus, isolates: Callable[[PciDevice], bool]) -> tuple[frozenset[str], ...]:
    """The groups that the kernel would form, in the order in which it forms them."""
    ways = {d.bdf: way_up(d, bus) for d in bus.devices}
    free = {d.bdf: isolates(d) for d in bus.devices}
    of: dict[str, int] = {}
    found: list[set[str]] = []
    for device in sorted(bus.devices, key=lambda d: len(ways[d.bdf])):
        above = ways[device.bdf]
        # What lies below a function that is no bridge (VMD) reaches the IOMMU under that one's address.
        shared = next((b for b in above if speaks_for_all(b) or not b.is_bridge), None)
        number: int | None = None
        if shared is not None:
            number = of.get(shared.bdf)
        elif above and not all(free[b.bdf] for b in above):
            number = of.get(above[0].bdf)
        elif has_siblings(device, bus) and not free[device.bdf]:
            mates = (f.bdf for f in bus.functions(device.slot) if f.bdf != device.bdf and not free[f.bdf])
            number = next((of[m] for m in mates if m in of), None)
        if number is None:
            number = len(found)
            found.append(set())
        of[device.bdf] = number
        found[number].add(device.bdf)
    return tuple(map(frozenset, found))


def isolating_now(bus: PciBus, groups: tuple[IommuGroup, ...]) -> Isolates:
    """What isolates today: by the groups that the kernel has formed, and by the registers where these do not tell."""
    of = {m: g.number for g in groups for m in g.members}
    known: dict[str, Reading[bool]] = {d.bdf: by_registers(d, bus) for d in bus.devices}
    for device in bus.devices:
        if device.parent in of and device.bdf in of and of[device.parent] != of[device.bdf]:
            # It has another group than the bridge above it: the whole way up isolates.
            known.update({b.bdf: True for b in way_up(device, bus)})
    for device in bus.devices:
        mates = [f for f in bus.functions(device.slot) if f.bdf != device.bdf and f.bdf in of]
        if device.bdf not in of or not mates or not all(known[b.bdf] is True for b in way_up(device, bus)):
            continue
        if any(of[f.bdf] == of[device.bdf] for f in mates):
            known[device.bdf] = False
        elif any(known[f.bdf] is not True for f in mates) and known[device.bdf] is not True:
            known[device.bdf] = True
    return known

"""What pcie_acs_override= would change: which groups, which cards would be free, what is not known, what it gives up.

The groups of today are the kernel's own. Where its rules do not lead to them, nothing is said of what would change.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciBus, PciDevice, short
from vfiotui.model.pci.group_rules import (
    DOWNSTREAM,
    MULTIFUNCTION,
    Isolates,
    Override,
    by_registers,
    groups_by,
    isolating_now,
    parse_override,
)
from vfiotui.model.pci.group_why import acs_gap, port_gap, spans_slots
from vfiotui.model.pci.iommu import IommuGroup, judge_group
from vfiotui.model.pci.slot_location import way_up
from vfiotui.model.pci.vmd import is_behind

KEY = "pcie_acs_override"
OPTIONS = (DOWNSTREAM, MULTIFUNCTION, f"{DOWNSTREAM},{MULTIFUNCTION}")
GIVES_UP = (
    "Devices that the hardware does not keep apart can still reach each other past the IOMMU: a guest that is taken "
    "over can read and write the memory of other guests, and of the host, through them.",
    "Transfers that one device sends straight to another never reach the IOMMU: data is lost or ends in the wrong "
    "memory, and host or guest may crash without a message.",
    "Groups get other numbers: scripts and units that name a group's number must be looked at again.",
)
HIDDEN = "the bridges above are not shown"
VMD = "what lies behind a VMD controller shares the controller's group"
OTHERWISE = "the ports that are shown do not explain today's group"
NO_GROUP = Unread("the kernel has formed no IOMMU groups: the IOMMU is off, or is not shown")


NAMED = 4


@dataclass(frozen=True, slots=True)
class Regrouped:
    """One group of today and the groups that its functions would be in."""

    number: int
    into: tuple[tuple[str, ...], ...]
    """Addresses, in order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one value of pcie_acs_override= would change."""

    option: str
    changed: tuple[Regrouped, ...] = ()
    freed: tuple[str, ...] = ()
    """Graphics cards that are blocked today and could be passed through then."""
    stays: tuple[tuple[int, str], ...] = ()
    """Groups that would still hold several slots, and why."""
    unknown: tuple[tuple[int, str], ...] = ()
    """Groups of which it is not known, and why."""


def outcomes(bus: PciBus, groups: tuple[IommuGroup, ...]) -> Reading[tuple[Outcome, ...]]:
    """The outcome of each of OPTIONS; Unread where there are no groups."""
    return outcomes_of(bus, groups, OPTIONS)


def outcomes_of(bus: PciBus, groups: tuple[IommuGroup, ...], options: tuple[str, ...]) -> Reading[tuple[Outcome, ...]]:
    """The outcome of each of some values of pcie_acs_override=."""
    if not any(g.members for g in groups):
        return NO_GROUP
    inside = {m for g in groups for m in g.members}
    seen = PciBus(tuple(d for d in bus.devices if d.bdf in inside))
    now = isolating_now(seen, groups)
    today = frozenset(groups_by(seen, lambda d: now[d.bdf] is True))
    return tuple(_outcome(seen, groups, option, now, today) for option in options)


def _outcome(
    bus: PciBus, groups: tuple[IommuGroup, ...], option: str, now: Isolates, today: frozenset[frozenset[str]]
) -> Outcome:
    override = parse_override(option)
    then = {d.bdf: _then(d, bus, override, now) for d in bus.devices}
    surely = groups_by(bus, lambda d: then[d.bdf] is True)
    perhaps = groups_by(bus, lambda d: then[d.bdf] is not False)
    changed, freed, stays, unknown = list[Regrouped](), list[str](), list[tuple[int, str]](), list[tuple[int, str]]()
    for group in groups:
        members = frozenset(m for m in group.members if bus.get(m) is not None)
        if len(members) < 2:
            continue
        into = _parts(members, surely)
        if any(is_behind(d) for d in map(bus.get, members) if d is not None):
            stays.append((group.number, VMD))
            continue
        if members not in today:
            unknown.append((group.number, HIDDEN if _hidden(members, bus) else OTHERWISE))
            continue
        if into != _parts(members, perhaps):
            unknown.append((group.number, _unread(members, bus, then)))
            continue
        if len(into) > 1:
            changed.append(Regrouped(group.number, into))
            freed += _freed(group, into, bus)
        why = "; ".join(dict.fromkeys(_holds(members, bus, then)))
        if why and any(spans_slots(_as_group(group, part)) for part in into):
            stays.append((group.number, why))
    return Outcome(option, tuple(changed), tuple(freed), tuple(stays), tuple(unknown))


def _then(device: PciDevice, bus: PciBus, override: Override, now: Isolates) -> Reading[bool]:
    """Whether a function isolates with the override."""
    if now[device.bdf] is True:
        return True
    # Registers that isolate, in a group that does not: something else joins them, which no override takes away.
    return False if by_registers(device, bus) is True else override.covers(device, bus)


def _parts(members: frozenset[str], groups: tuple[frozenset[str], ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(tuple(sorted(members & g, key=_order)) for g in groups if members & g))


def _order(bdf: str) -> tuple[int, str]:
    return len(bdf), bdf


def _as_group(group: IommuGroup, members: tuple[str, ...]) -> IommuGroup:
    return IommuGroup(group.number, members, (), group.domain_type, group.reserved)


def _freed(group: IommuGroup, into: tuple[tuple[str, ...], ...], bus: PciBus) -> Iterator[str]:
    for part in into:
        for device in filter(None, map(bus.get, part)):
            blocked = device.is_display and not judge_group(device, group, bus).clean
            if blocked and not group.foreign and judge_group(device, _as_group(group, part), bus).clean:
                yield device.bdf


def _hidden(members: frozenset[str], bus: PciBus) -> bool:
    found = (d for d in map(bus.get, members) if d is not None)
    return any(d.parent is None and not d.bdf.partition(":")[2].startswith("00:") for d in found)


def _way(members: frozenset[str], bus: PciBus) -> list[PciDevice]:
    """The ports that decide over a group: those above its functions, and its functions."""
    found = {d.bdf: d for d in map(bus.get, sorted(members, key=_order)) if d is not None}
    for device in tuple(found.values()):
        found.update({b.bdf: b for b in way_up(device, bus)})
    return list(found.values())


def _unread(members: frozenset[str], bus: PciBus, then: Isolates) -> str:
    """Which registers were not read, and why."""
    found = [(d, why) for d in _way(members, bus) if isinstance(why := then[d.bdf], Unread)]
    if not found:
        return OTHERWISE
    names = ", ".join(short(d.bdf) for d, _ in found[:NAMED]) + (", …" if len(found) > NAMED else "")
    return f"the configuration space of {names}: {found[0][1].reason}"


def _holds(members: frozenset[str], bus: PciBus, then: Isolates) -> Iterator[str]:
    """Why functions of several slots would stay together."""
    every = parse_override(OPTIONS[-1])
    for device in _way(members, bus):
        if then[device.bdf] is not False:
            continue
        name = short(device.bdf)
        caps = device.capabilities
        below = device.is_bridge and any(way and way[0] == device for way in (_way_of(m, bus) for m in members))
        if every.covers(device, bus) is True:
            kind = DOWNSTREAM if parse_override(DOWNSTREAM).covers(device, bus) is True else MULTIFUNCTION
            if below:
                yield f"{name} needs {kind} too"
        elif not isinstance(caps, Unread) and caps.acs and not isinstance(caps.acs, Unread) and acs_gap(caps.acs):
            yield f"{name} has {acs_gap(caps.acs)}: the override leaves what has an ACS capability as it is"
        elif below and port_gap(device):
            yield f"{name} has {port_gap(device)}"


def _way_of(bdf: str, bus: PciBus) -> tuple[PciDevice, ...]:
    device = bus.get(bdf)
    return () if device is None else way_up(device, bus)

"""From the devices that a person names to all that must go with them, or why that cannot be."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.facts import Facts
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import host_loses, last_keyboards, lost_disks, lost_networks, remaining_displays
from vfiotui.model.pci.iommu import IommuGroup
from vfiotui.model.pci.no_groups import why_no_groups
from vfiotui.model.pci.vmd import behind_text, is_behind


@dataclass(frozen=True, slots=True)
class Choice:
    """What would be given away together."""

    devices: tuple[PciDevice, ...]
    """All functions, in order of their addresses; bridges are never among them."""
    added: tuple[str, ...]
    """Addresses that follow because of a slot or a group."""
    refusals: tuple[str, ...]
    """Why it cannot be; empty where it can."""
    warnings: tuple[str, ...]
    """What the host loses, and what could not be seen."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Each of `added` with why it must go along, as a clause."""


def groups_of(facts: Facts) -> dict[str, IommuGroup]:
    """Address → its IOMMU group."""
    if isinstance(facts.iommu, Unread):
        return {}
    return {m: g for g in or_else(facts.iommu.groups, ()) for m in g.members}


OWN_RESETS = frozenset({"device_specific", "acpi", "flr", "af_flr", "pm"})
"""Methods that reset one function alone; bus and cxl_bus reset all of a slot (drivers/pci/pci.c)."""


def _reset_with(device: PciDevice, bus: PciBus) -> tuple[PciDevice, ...]:
    """The functions of its card that go with it: all of a graphics card, and all where its reset is the slot's.

    A function in a group of its own that is reset alone, as many USB controllers are, needs no other.
    """
    card = bus.card(device)
    methods = or_else(device.reset_methods, ())
    alone = bool(methods) and methods[0] in OWN_RESETS and isinstance(device.group, int)
    if not alone or any(d.is_display for d in card):
        return card
    return tuple(d for d in card if d.group == device.group)


def _why_reset(device: PciDevice) -> str:
    """Why the functions of a device's card go with it, as a clause."""
    if device.is_display:
        return f"a function of the same graphics card as {device.bdf}"
    methods = or_else(device.reset_methods, ())
    how = f"its reset is {methods[0]}" if methods else "it has no reset of its own"
    if methods and methods[0] in OWN_RESETS:
        how = "a graphics card shares the slot" if isinstance(device.group, int) else "no IOMMU group is seen"
    return f"of the slot of {device.bdf}: {how}"


def _closure(wanted: set[str], bus: PciBus, groups: dict[str, IommuGroup]) -> dict[str, str]:
    """What is reset with a device and every device of its group goes along, until nothing is added; each with why."""
    todo, found = sorted(wanted), dict.fromkeys(wanted, "")
    while todo:
        device = bus.get(todo.pop())
        if device is None:
            continue
        group = groups.get(device.bdf)
        members = dict.fromkeys(group.members, f"in IOMMU group {group.number} with {device.bdf}") if group else {}
        beside = {d.bdf: _why_reset(device) for d in _reset_with(device, bus)}
        for other, why in {**beside, **members}.items():
            member = bus.get(other)
            # What is behind a VMD controller leaves the host with it, and no driver of a guest's is bound to it.
            if member is not None and not member.is_bridge and not is_behind(member) and other not in found:
                found[other] = why
                todo.append(other)
    return found


def choose(facts: Facts, wanted: tuple[str, ...]) -> Choice:
    """The devices that these addresses bring along, judged by what the host would lose."""
    if isinstance(facts.pci, Unread):
        return Choice((), (), (f"the PCI devices cannot be seen: {facts.pci}",), ())
    bus, groups = facts.pci, groups_of(facts)
    refusals = [f"there is no device at {bdf}" for bdf in wanted if bus.get(bdf) is None]
    named = [d for bdf in wanted if (d := bus.get(bdf)) is not None]
    refusals += [f"{d.bdf} is a bridge: bridges are never passed through" for d in named if d.is_bridge]
    refusals += [f"{d.bdf} is the IOMMU itself: without it nothing can be passed through" for d in named if d.is_iommu]
    refusals += [_vmd(d, bus) for d in named if is_behind(d) and not d.is_bridge]
    known = {d.bdf for d in named if not d.is_bridge}
    all_of_them = _closure(known, bus, groups)
    devices = tuple(d for d in bus.devices if d.bdf in all_of_them)
    for device in devices:
        if not groups and facts.mode not in ("ROOT",):
            break
        if groups and device.bdf not in groups:
            refusals.append(f"{device.bdf} is in no IOMMU group: vfio-pci cannot protect the host from it")
    if not groups:
        refusals += no_groups(facts)
    refusals += _losses(facts, bus, devices)
    warnings = tuple(
        f"passing {d.bdf} through removes from the host: {', '.join(lost)}"
        for d in devices
        if (lost := host_loses(d, bus, facts.usb, facts.host_use))
    )
    reasons = tuple((bdf, why) for bdf, why in sorted(all_of_them.items()) if bdf not in known)
    return Choice(devices, tuple(b for b, _ in reasons), tuple(dict.fromkeys(refusals)), warnings, reasons)


def _vmd(device: PciDevice, bus: PciBus) -> str:
    return (
        f"{device.bdf} {behind_text(device, bus)} and uses its address: it cannot be passed through by itself,"
        " unless VMD is switched off for it in the firmware setup"
    )


def no_groups(facts: Facts) -> list[str]:
    """The refusal where this kernel groups nothing; none where it does, or no kernel runs.

    A disk without a running kernel has no groups; a running kernel without groups has no IOMMU.
    """
    if isinstance(facts.iommu, Unread) or isinstance(facts.iommu.groups, Unread):
        return []
    return [f"this kernel has no IOMMU groups: {why_no_groups(facts.host_kind)} ('vfiotui doctor' explains why)"]


def _losses(facts: Facts, bus: PciBus, devices: tuple[PciDevice, ...]) -> list[str]:
    """What the host cannot do without."""
    gone = frozenset(d.bdf for d in devices)
    found = []
    for device in devices:
        vital = [d for d in lost_disks(facts.host_use, device.bdf) if d.vital]
        if vital:
            found.append(
                f"{device.bdf} holds {', '.join(f'{d.place} ({d.disk}{d.way})' for d in vital)}: the host needs it"
            )
        for net in lost_networks(facts.host_use, device.bdf):
            if net.ssh_from:
                found.append(f"{device.bdf} carries your own connection from {net.ssh_from} ({net.interface})")
            elif net.default_route:
                found.append(f"{device.bdf} carries the default route ({net.interface})")
    boards = last_keyboards(facts.host_use, gone)
    if boards:
        found.append(f"{', '.join(sorted({k.bdf for k in boards}))} carries the host's last keyboard, {boards[0].name}")
    if any(d.is_display for d in devices) and not remaining_displays(bus, gone):
        found.append("no display would be left for the host")
    return found

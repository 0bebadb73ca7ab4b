"""Why devices share an IOMMU group, in words.

Follows the kernel's own reasoning (drivers/iommu/iommu.c pci_device_group, drivers/pci/pci.c pci_acs_enabled) over
the groups that it has built; where the registers do not explain a group, that is said, and the kernel is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.iommu import IommuGroup
from vfiotui.model.pci import Acs, Capabilities, PciBus, PciDevice, short, slot_of
from vfiotui.model.reading import Unread

NEEDED = ("SrcValid", "ReqRedir", "CmpltRedir", "UpstreamFwd")
"""What must be switched on where a port is able to (REQ_ACS_FLAGS)."""
PORTS = ("Root Port", "Downstream Port")
CONVENTIONAL = ("PCI-Express to PCI/PCI-X Bridge", "PCI/PCI-X to PCI-Express Bridge")
UNEXPLAINED = (
    "every port above reports isolation: the kernel groups them nevertheless, because of a device that speaks with "
    "another's address, or of a quirk"
)


def missing_acs(acs: Acs) -> tuple[str, ...]:
    """What a port could do and does not: its control bits against its capability."""
    return tuple(bit for bit in NEEDED if bit in acs.cap and bit not in acs.ctl)


def port_gap(port: PciDevice) -> str:
    """Why a port does not keep apart what is below it; empty where it does."""
    name = f"port {short(port.bdf)}"
    caps = port.capabilities
    if isinstance(caps, Unread):
        return f"the ACS of {name} cannot be seen ({caps.reason})"
    if not isinstance(caps, Capabilities) or caps.dead:
        return f"{name} does not answer"
    if caps.express is None:
        return f"{short(port.bdf)} is a bridge of conventional PCI: all behind it speaks with one address"
    if caps.express.kind in CONVENTIONAL:
        return f"{short(port.bdf)} leads to conventional PCI: all behind it speaks with one address"
    if caps.express.kind not in PORTS:
        return ""
    return _acs_gap(name, caps.acs)


def _acs_gap(name: str, acs: Acs | Unread | None) -> str:
    if isinstance(acs, Unread):
        return f"the ACS of {name} cannot be seen ({acs.reason})"
    if acs is None:
        return f"{name} has no ACS"
    if not acs.cap:
        return f"{name} has an ACS capability that is empty"
    off = missing_acs(acs)
    return f"{name} has ACS, but {', '.join(off)} switched off" if off else ""


def slot_gap(functions: tuple[PciDevice, ...]) -> str:
    """Why the functions of one slot are not kept apart; empty where they are, or where there is one only."""
    if len(functions) < 2:
        return ""
    slot = f"slot {short(functions[0].slot + '.0')[:-2]}"
    for function in functions:
        caps = function.capabilities
        if isinstance(caps, Unread):
            return f"the ACS of {slot} cannot be seen ({caps.reason})"
        if not isinstance(caps, Capabilities) or caps.dead:
            continue
        if caps.express is None or caps.acs is None:
            return f"{slot} has {len(functions)} functions and no ACS between them"
        gap = _acs_gap(slot, caps.acs)
        if gap:
            return gap
    return ""


def ports_above(device: PciDevice, bus: PciBus) -> Iterator[PciDevice]:
    """The bridges above a function, nearest first."""
    seen = {device.bdf}
    above = bus.get(device.parent) if device.parent else None
    while above is not None and above.bdf not in seen:
        seen.add(above.bdf)
        yield above
        above = bus.get(above.parent) if above.parent else None


def why_shared(group: IommuGroup, bus: PciBus) -> tuple[str, ...]:
    """Why a group holds more than one slot, or more than one function; empty for a device that is alone."""
    members = [d for d in map(bus.get, group.members) if d is not None]
    if len(members) + len(group.foreign) < 2:
        return ()
    words: list[str] = []
    inside = frozenset(group.members)
    for member in members:
        ports = tuple(ports_above(member, bus))
        if any(p.bdf in inside for p in ports) or _share_bridge(member, members):
            # The kernel joins a function to the bridge above it unless the whole path to the root isolates.
            words += [gap for gap in map(port_gap, ports) if gap]
    for slot in sorted({slot_of(d.bdf) for d in members}):
        together = tuple(d for d in members if d.slot == slot)
        gap = slot_gap(together) if len(together) > 1 else ""
        if gap:
            words.append(gap)
    words += [f"{name} is no PCI device: the platform puts it here" for name in group.foreign]
    return tuple(dict.fromkeys(words)) or (UNEXPLAINED,)


def _share_bridge(member: PciDevice, members: list[PciDevice]) -> bool:
    """Whether another slot of the group hangs on the same bridge outside of it."""
    return member.parent is not None and any(m.parent == member.parent and m.slot != member.slot for m in members)

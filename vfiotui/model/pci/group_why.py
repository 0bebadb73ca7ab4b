"""Why devices share an IOMMU group, in words.

Follows the kernel's own reasoning (drivers/iommu/iommu.c pci_device_group, drivers/pci/pci.c pci_acs_enabled) over
the groups that it has built; where the registers do not explain a group, that is said, and the kernel is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import Acs, Capabilities, PciBus, PciDevice, short, slot_of
from vfiotui.model.pci.iommu import IommuGroup
from vfiotui.model.pci.slot_location import way_up
from vfiotui.model.pci.vmd import controller_of, is_behind

NEEDED = ("SrcValid", "ReqRedir", "CmpltRedir", "UpstreamFwd")
"""What must be switched on where a port is able to (REQ_ACS_FLAGS)."""
PORTS = ("Root Port", "Downstream Port")
CONVENTIONAL = ("PCI-Express to PCI/PCI-X Bridge", "PCI/PCI-X to PCI-Express Bridge")
UNSEEN = "the ports above are not shown here: only the kernel's own grouping is"
UNEXPLAINED = (
    "every port above reports isolation: the kernel groups them nevertheless, because of a device that speaks with "
    "another's address, or of a quirk"
)


def missing_acs(acs: Acs) -> tuple[str, ...]:
    """What a port could do and does not: its control bits against its capability."""
    return tuple(bit for bit in NEEDED if bit in acs.cap and bit not in acs.ctl)


def acs_gap(acs: Acs | Unread | None) -> str:
    """What is missing of access control; empty where nothing is."""
    if isinstance(acs, Unread):
        return f"access control that cannot be seen ({acs.reason})"
    if acs is None:
        return "no ACS"
    if not acs.cap:
        return "an ACS capability that is empty"
    off = missing_acs(acs)
    return f"ACS with {', '.join(off)} switched off" if off else ""


def port_gap(port: PciDevice) -> str:
    """What a port has or lacks so that it does not keep apart what is below it; empty where it does."""
    caps = port.capabilities
    if isinstance(caps, Unread):
        return f"access control that cannot be seen ({caps.reason})"
    if not isinstance(caps, Capabilities) or caps.dead:
        return "no answer"
    if caps.express is None or caps.express.kind in CONVENTIONAL:
        return "conventional PCI below, where all speak with one address"
    return acs_gap(caps.acs) if caps.express.kind in PORTS else ""


def slot_gap(functions: tuple[PciDevice, ...]) -> str:
    """What the functions of one slot lack so that they are not kept apart; empty where they are."""
    for function in functions:
        caps = function.capabilities
        if isinstance(caps, Unread):
            return f"access control that cannot be seen ({caps.reason})"
        if not isinstance(caps, Capabilities) or caps.dead:
            continue
        gap = acs_gap(None if caps.express is None else caps.acs)
        if gap:
            return f"{len(functions)} functions and {gap}"
    return ""


def spans_slots(group: IommuGroup) -> bool:
    """Whether a group holds more than the functions of one slot."""
    return len({slot_of(bdf) for bdf in group.members}) + len(group.foreign) > 1


def why_shared(group: IommuGroup, bus: PciBus) -> tuple[str, ...]:
    """Why a group holds more than one function; empty for a device that is alone."""
    members = [d for d in map(bus.get, group.members) if d is not None]
    if len(members) + len(group.foreign) < 2:
        return ()
    inside = frozenset(group.members)
    hidden = [d for d in members if is_behind(d)]
    ports: dict[str, str] = {}
    for member in members:
        if member in hidden:
            continue
        above = way_up(member, bus)
        if any(p.bdf in inside for p in above) or _share_bridge(member, members):
            # The kernel joins a function to the bridge above it unless the whole path to the root isolates.
            ports.update({p.bdf: gap for p in above if (gap := port_gap(p))})
    slots: dict[str, str] = {}
    for slot in dict.fromkeys(d.slot for d in members):
        together = tuple(d for d in members if d.slot == slot)
        # The functions of one card stay together anyway: they tell nothing of why other slots are here.
        if (
            len(together) > 1
            and together[0] not in hidden
            and (not spans_slots(group) or any(d.is_bridge for d in together))
        ):
            slots[slot] = slot_gap(together)
    words = [
        *_behind(hidden, bus),
        *_told("port", ports, short),
        *_told("slot", slots, lambda s: s.removeprefix("0000:")),
    ]
    words += [f"{name} is no PCI device: the platform puts it here" for name in group.foreign]
    if words:
        return tuple(words)
    unseen = any(d.parent is None and not d.bdf.partition(":")[2].startswith("00:") for d in members)
    return (UNSEEN if unseen else UNEXPLAINED,)


def _behind(hidden: list[PciDevice], bus: PciBus) -> list[str]:
    """One clause for each VMD controller with members of the group behind it."""
    above = dict.fromkeys(controller.bdf if (controller := controller_of(d, bus)) else "" for d in hidden)
    return [f"all that is behind {f'the VMD controller {short(b)}' if b else 'a VMD controller'} uses its address"
            for b in above]  # fmt: skip


def _told(kind: str, gaps: dict[str, str], named: Callable[[str], str]) -> Iterator[str]:
    """One sentence fragment for each gap, with all that have it."""
    for gap in dict.fromkeys(filter(None, gaps.values())):
        mine = [named(place) for place, other in gaps.items() if other == gap]
        several = len(mine) > 1
        yield f"{kind}{'s' if several else ''} {', '.join(mine)} {'have' if several else 'has'} {gap}"


def _share_bridge(member: PciDevice, members: list[PciDevice]) -> bool:
    """Whether another slot of the group hangs on the same bridge outside of it."""
    return member.parent is not None and any(m.parent == member.parent and m.slot != member.slot for m in members)

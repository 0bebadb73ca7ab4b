"""How devices are bound at boot: by ids, by longer ids, by address, or not before a guest starts."""

from __future__ import annotations

from enum import StrEnum

from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.selection import Chosen, chosen


class Method(StrEnum):
    """The ways, the simplest first."""

    IDS = "ids"
    SUBSYSTEM = "subsystem"
    """ids with the subsystem's two numbers: distinguishes cards of one chip and different makers."""
    OVERRIDE = "override"
    """driver_override by address, checked against the ids."""
    DYNAMIC = "dynamic"
    """Nothing at boot: libvirt binds when the guest starts."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A method for a choice of devices."""

    method: Method
    works: bool
    why: str


def _takes(short: bool, one: Chosen, other: Chosen) -> bool:
    return one.ids == other.ids if short else one.same_card(other)


def others_taken(devices: tuple[PciDevice, ...], bus: PciBus, *, short: bool) -> dict[str, tuple[str, ...]]:
    """Ids → addresses of devices that were not chosen and that vfio-pci would take too."""
    names = {d.bdf for d in devices}
    rest = [chosen(d, bus) for d in bus.devices if d.bdf not in names and not d.is_bridge]
    found = {}
    for device in devices:
        one = chosen(device, bus)
        taken = tuple(r.bdf for r in rest if _takes(short, one, r))
        if taken:
            found[one.ids if short else one.long_ids] = taken
    return found


def _known(devices: tuple[PciDevice, ...], bus: PciBus, *, short: bool) -> bool:
    """Whether all numbers of the ids were read."""
    return all("" not in (c.vendor, c.device, *(() if short else (c.subsystem_vendor, c.subsystem_device)))
               for c in (chosen(d, bus) for d in devices))  # fmt: skip


def judge_ids(devices: tuple[PciDevice, ...], bus: PciBus, method: Method) -> Verdict:
    """Whether ids name the chosen devices and no others."""
    short = method is Method.IDS
    if not _known(devices, bus, short=short):
        return Verdict(method, False, "not all ids of the devices could be read")
    virtual = next((d for d in devices if d.is_virtual), None)
    if virtual is not None:
        return Verdict(
            method, False, f"{virtual.bdf} is a virtual function: all of {virtual.sriov_parent} share its ids"
        )
    taken = others_taken(devices, bus, short=short)
    if taken:
        ids, addresses = next(iter(taken.items()))
        return Verdict(method, False, f"{ids} is also {', '.join(addresses)}, which was not chosen")
    what = "no other device has these ids" if short else "the subsystem ids distinguish it from the others"
    return Verdict(method, True, what)


def verdicts(devices: tuple[PciDevice, ...], bus: PciBus, tool: str) -> tuple[Verdict, ...]:
    """Every method judged, in the order of preference; the first that works is the one to take."""
    override = (
        Verdict(Method.OVERRIDE, False, "booster takes no udev rules into its image")
        if tool == "booster"
        else Verdict(Method.OVERRIDE, True, "a rule names the address, and checks the ids there")
    )
    return (
        judge_ids(devices, bus, Method.IDS),
        judge_ids(devices, bus, Method.SUBSYSTEM),
        override,
        Verdict(Method.DYNAMIC, True, "nothing happens at boot; libvirt takes the device from its driver at the start"),
    )

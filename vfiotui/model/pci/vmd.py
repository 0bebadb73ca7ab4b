"""Devices behind a VMD controller: they reach memory under its address and cannot be given to a guest by themselves.

Source: drivers/pci/controller/vmd.c: domains from 10000 on, below a function that is no bridge.
"""

from __future__ import annotations

from vfiotui.model.pci.functions import PciBus, PciDevice, short
from vfiotui.model.pci.slot_location import way_up

USUAL = len("0000:00:00.0")
"""Longer addresses are those of a domain that a VMD controller makes."""


def is_behind(device: PciDevice) -> bool:
    """Whether a VMD controller stands between a function and the host's own PCI bus, by its domain."""
    return len(device.bdf) > USUAL


def controller_of(device: PciDevice, bus: PciBus) -> PciDevice | None:
    """The VMD controller of a function behind one; None where it is not shown, and for other functions."""
    if not is_behind(device):
        return None
    return next((above for above in way_up(device, bus) if not is_behind(above)), None)


def hides(controller: PciDevice, bus: PciBus) -> bool:
    """Whether a function is a VMD controller with something behind it."""
    return any(is_behind(d) and controller_of(d, bus) == controller for d in bus.devices)


def behind_text(device: PciDevice, bus: PciBus) -> str:
    """Where a function behind VMD hangs, as a clause."""
    above = controller_of(device, bus)
    return f"is behind the VMD controller {short(above.bdf)}" if above else "is behind a VMD controller"

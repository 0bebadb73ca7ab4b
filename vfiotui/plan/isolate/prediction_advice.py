"""What would make an open forecast sure."""

from __future__ import annotations

from vfiotui.model.boot.early_boot import Moment
from vfiotui.model.boot.prediction import NOBODY
from vfiotui.model.pci.functions import PciDevice
from vfiotui.plan.isolate.boot_event import DRIVER, VFIO, Does, State
from vfiotui.plan.isolate.boot_lanes import Scene


def advice(device: PciDevice, ends: dict[str, tuple[State, Scene]], outcomes: tuple[str, ...]) -> str:
    """One sentence for a person; empty where there is one end, or vfio-pci is in none of them."""
    if len(outcomes) == 1 and not (outcomes[0] == NOBODY and any(s.override for s, _ in ends.values())):
        return ""
    _, scene = ends.get(DRIVER) or next(iter(ends.values()))
    if any(e.does is Does.OVERRIDE for s, _ in ends.values() for e in s.trail):
        return _for_override(scene)
    if not any(e.name == VFIO for s, _ in ends.values() for e in s.trail):
        return ""
    drivers = scene.drivers.get(device.bdf, ())
    builtin = [m for m in drivers if m in scene.builtin]
    if builtin:
        return f"{' and '.join(builtin)} is part of the kernel: bind the device at run time, or by libvirt (managed)."
    tool = scene.early.tool if scene.early else ""
    lines = ", ".join(f"softdep {m} pre: vfio-pci" for m in drivers)
    if tool == "booster":
        return "booster obeys no softdep: leave the host's driver out of the image, or let libvirt bind (managed)."
    if tool == "dracut":
        return "Name vfio_pci in force_drivers of dracut.conf.d: it is loaded before udev; then build the image anew."
    if scene.early is not None and scene.early.early_at is Moment.COLDPLUG:
        return f"Write {lines} into modprobe.d and build the image anew: a list alone is not ordered against udev."
    return f"Write {lines} into modprobe.d and build the image anew." if lines else ""


def _for_override(scene: Scene) -> str:
    tool = scene.early.tool if scene.early else ""
    if tool == "initramfs-tools":
        return (
            "Let a script of scripts/init-top that runs before udev set driver_override, load vfio-pci and write the "
            "address to drivers_probe; then build the image anew."
        )
    if tool == "booster":
        return "booster runs neither rules nor scripts: tell the cards apart by subsystem ids, or let libvirt bind."
    return (
        "Set driver_override before udev looks for devices (a pre-udev hook), load vfio-pci after it and write the "
        "address to drivers_probe; then build the image anew."
    )

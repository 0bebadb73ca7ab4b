"""What binds, unbinds or removes PCI devices at run time, by its own configuration."""

from __future__ import annotations

import json
import re

from vfiotui.model.base.value import dataclass

SUPERGFXD = "/etc/supergfxd.conf"
OPTIMUS = "/etc/optimus-manager/optimus-manager.conf"
WORDS = re.compile(r"driver_override|\bnew_id\b|drivers_probe|drivers/[\w-]+/(?:un)?bind|driverctl\b.*\bset-override\b")
"""What a script names that binds devices (Documentation/ABI/testing/sysfs-bus-pci)."""


@dataclass(frozen=True, slots=True)
class GpuMode:
    """What supergfxd keeps in its configuration (supergfxctl, config.rs)."""

    mode: str
    """Hybrid, Integrated, Vfio, …; empty where it is not known."""
    restored: bool
    """Whether the mode Vfio outlives a reboot: vfio_enable and vfio_save."""


def gpu_mode(text: str) -> GpuMode:
    """The mode of supergfxd's JSON; an empty mode for what is no such file.

    >>> gpu_mode('{"mode": "Vfio", "vfio_enable": true, "vfio_save": true}')
    GpuMode(mode='Vfio', restored=True)
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return GpuMode("", False)
    if not isinstance(told, dict) or not isinstance(told.get("mode"), str):
        return GpuMode("", False)
    return GpuMode(told["mode"], told.get("vfio_enable") is True and told.get("vfio_save") is True)

"""Words with which a graphics driver refuses to take its card: nomodeset, MODULE.modeset=0, initcall_blacklist=."""

from __future__ import annotations

from vfiotui.model.boot.cmdline import CommandLine

OWN_WORD = frozenset("nouveau i915 radeon ast mgag200 bochs cirrus cirrus_qemu qxl vboxvideo".split())
"""Drivers whose parameter modeset=0 keeps them from the bus, and modeset=1 lets them ignore nomodeset."""
FIRMWARE_ONLY = OWN_WORD | frozenset("amdgpu xe gma500_gfx hibmc_drm loongson vmwgfx".split())
"""Drivers that ask drm_firmware_drivers_only() first (include/drm/drm_module.h, drm_nomodeset.c)."""
INIT = {
    "nouveau": "nouveau_drm_init",
    "radeon": "radeon_module_init",
    "snd_hda_intel": "azx_driver_init",
    "ahci": "ahci_pci_driver_init",
}
"""Functions that register a driver, where it is not MODULE_init."""


def modeset_refusal(module: str, line: CommandLine, option: str | None = None) -> str:
    """The word because of which a driver takes no device, such as "nomodeset"; empty where it takes them.

    `option` is the value of its modeset in modprobe.d; that of the command line replaces it. A driver that refuses
    may stay loaded (nouveau) or not (i915): it has no device either way.

    >>> modeset_refusal("nouveau", CommandLine("quiet nomodeset", ""))
    'nomodeset'
    """
    if module not in FIRMWARE_ONLY:
        return ""
    said = line.last(f"{module}.modeset")
    value = (said if said is not None else option or "-1").strip()
    if value == "0" and module in OWN_WORD:
        return f"{module}.modeset=0" if said is not None else f"modeset=0 of {module}"
    return "nomodeset" if value in ("-1", "0") and line.has("nomodeset") else ""


def init_refusal(module: str, line: CommandLine) -> str:
    """The word that keeps a driver's init function from running (kernel-parameters.txt, initcall_blacklist=)."""
    name = INIT.get(module, f"{module}_init")
    return f"initcall_blacklist={name}" if name in line.options("initcall_blacklist") else ""

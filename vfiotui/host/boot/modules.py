"""Loaded modules and the parameters of those that passthrough depends on."""

from __future__ import annotations

from fnmatch import fnmatchcase

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, if_absent, or_else
from vfiotui.model.boot.boot import Modules

SYSFS = "/sys/module"
TOLD = ("kvm*", "vfio*", "iommu*", "kvmfr", "nvidia*", "intel_iommu")
"""Modules whose parameters are read."""


def read_loaded(root: Root) -> Reading[frozenset[str]]:
    """Names of loaded modules; built-in ones are not among them (/proc/modules)."""
    lines = root.lines("/proc/modules", 1 << 20)
    if isinstance(lines, Unread):
        return lines
    return frozenset(line.split(" ", 1)[0] for line in lines if line)


def read(root: Root) -> Reading[Modules]:
    """Modules and parameters; Unread where neither procfs nor sysfs is visible."""
    loaded = read_loaded(root)
    names = root.names(SYSFS)
    if isinstance(loaded, Unread) and isinstance(names, Unread):
        return loaded
    parameters: dict[str, str] = {}
    missing: dict[str, Unread] = {"": names} if isinstance(names, Unread) else {}
    for module in or_else(names, ()):
        if not any(fnmatchcase(module, pattern) for pattern in TOLD):
            continue
        known = if_absent(root.names(f"{SYSFS}/{module}/parameters"), ())
        if isinstance(known, Unread):
            missing[module] = known
            continue
        for name in known:
            value = root.text(f"{SYSFS}/{module}/parameters/{name}", 4096)
            if isinstance(value, Unread):
                missing[f"{module}.{name}"] = value
            else:
                parameters[f"{module}.{name}"] = value
    return Modules(loaded, parameters, missing)

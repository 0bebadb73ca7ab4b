"""Modules of a described machine: loaded, built in, known by their aliases."""

from __future__ import annotations

from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder

ALIASES = (
    ("pci:v000010DEd*sv*sd*bc03sc*i*", "nouveau"),
    ("pci:v00001002d*sv*sd*bc03sc*i*", "amdgpu"),
    ("pci:v00008086d*sv*sd*bc03sc*i*", "i915"),
    ("pci:v*d*sv*sd*bc04sc03i00*", "snd_hda_intel"),
    ("pci:v*d*sv*sd*bc0Csc03i30*", "xhci_pci"),
    ("pci:v*d*sv*sd*bc01sc08i02*", "nvme"),
    ("pci:v*d*sv*sd*bc01sc06i01*", "ahci"),
    ("pci:v00008086d00001539sv*sd*bc*sc*i*", "igb"),
)


def build_modules(tree: TreeBuilder, host: Host) -> None:
    """Loaded modules, the tables of the installed kernel, and module parameters."""
    tree.file("/proc/modules", "\n".join(f"{m} 16384 0 - Live 0x0000000000000000" for m in host.modules))
    folder = f"/lib/modules/{host.release}"
    tree.file(f"{folder}/modules.builtin", "\n".join(host.builtin))
    tree.file(f"{folder}/modules.alias", "\n".join(f"alias {pattern} {module}" for pattern, module in ALIASES))
    parameters = {"kvm.halt_poll_ns": "200000", "vfio_iommu_type1.allow_unsafe_interrupts": "N", **host.parameters}
    for name, value in parameters.items():
        module, _, parameter = name.partition(".")
        tree.file(f"/sys/module/{module}/parameters/{parameter}", value)

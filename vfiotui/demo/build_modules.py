"""Modules of a described machine: loaded, built in, known by their aliases."""

from __future__ import annotations

from vfiotui.demo.build_pci import BUILTIN, module_of
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
    ("pci:v00008086d00002723sv*sd*bc*sc*i*", "iwlwifi"),
    ("pci:v00001022d00001486sv*sd*bc*sc*i*", "ccp"),
    ("pci:v00001022d0000790Bsv*sd*bc*sc*i*", "i2c_piix4"),
    ("pci:v000015B3d*sv*sd*bc*sc*i*", "mlx5_core"),
    ("vfio_pci:v*d*sv*sd*bc*sc*i*", "vfio_pci"),
)
"""The lines of modules.alias, with wider patterns than a kernel's own."""
PARAMETERS = {
    "kvm.halt_poll_ns": "200000",
    "kvm.ignore_msrs": "N",
    "kvm.nx_huge_pages": "N",
    "kvm_amd.npt": "Y",
    "kvm_amd.nested": "1",
    "kvm_amd.avic": "N",
    "kvm_intel.ept": "Y",
    "kvm_intel.nested": "Y",
    "vfio_iommu_type1.allow_unsafe_interrupts": "N",
    "vfio_pci.disable_idle_d3": "N",
}
"""What the kernel has when nobody sets it."""


def loaded(host: Host) -> tuple[str, ...]:
    """The named modules, then those of bound drivers; built-in ones are not listed."""
    drivers = (module_of(d.driver) for d in host.pci if d.driver and d.driver not in BUILTIN)
    builtin = {path.rpartition("/")[2].removesuffix(".ko").replace("-", "_") for path in host.builtin}
    return tuple(m for m in dict.fromkeys((*host.modules, *drivers)) if m not in builtin)


def build_modules(tree: TreeBuilder, host: Host) -> None:
    """Loaded modules, the tables of the installed kernel, and module parameters."""
    modules = loaded(host)
    tree.file("/proc/modules", "\n".join(f"{m} 16384 0 - Live 0x0000000000000000" for m in modules))
    for module in modules:
        tree.folder(f"/sys/module/{module}")
    folder = f"/lib/modules/{host.release}"
    tree.file(f"{folder}/modules.builtin", "\n".join(host.builtin))
    tree.file(f"{folder}/modules.alias", "\n".join(f"alias {pattern} {module}" for pattern, module in ALIASES))
    parameters = {name: value for name, value in PARAMETERS.items() if name.partition(".")[0] in modules}
    for name, value in {**parameters, **host.parameters}.items():
        module, _, parameter = name.partition(".")
        tree.file(f"/sys/module/{module}/parameters/{parameter}", value)

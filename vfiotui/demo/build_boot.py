"""The boot chain of a described machine, and the names of its board and system.

The boot image is as initramfs-tools would build it from the described files. Modules are loaded, built in, or known by
their aliases.
"""

from __future__ import annotations

from vfiotui.demo.build_memory import choice
from vfiotui.demo.build_pci import BUILTIN, module_of
from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder

MODULES = "/etc/initramfs-tools/modules"
VFIO = ("vfio", "vfio_iommu_type1", "pci/vfio-pci-core", "pci/vfio-pci")
TRAILER = "TRAILER!!!"


def initramfs(host: Host) -> bytes:
    """An archive that is not packed, with the lists and the modules that decide about devices.

    Where the configuration was changed after the building, it knows nothing of that configuration.
    """
    said = host.files if host.built >= 0 else {}
    contents = {
        "conf/initramfs.conf": "MODULES=most\nCOMPRESS=zstd\n",
        "conf/modules": said.get(MODULES, ""),
        **{f"usr/lib/modules/{host.release}/kernel/drivers/vfio/{name}.ko": "" for name in VFIO},
        **{path[1:]: text for path, text in said.items() if path.startswith("/etc/modprobe.d/")},
    }
    numbered = enumerate(sorted(contents.items()), 1)
    return b"".join(_member(number, name, _bytes(body)) for number, (name, body) in numbered) + _member(0, TRAILER, b"")


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def _member(number: int, name: str, body: bytes) -> bytes:
    """One file of the archive (buffer-format.rst): thirteen numbers, the name and the body, each filled up to four."""
    path = name.encode() + b"\0"
    numbers = (number, 0o100644 if number else 0, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % n for n in numbers) + path
    return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)


def build_boot(tree: TreeBuilder, host: Host) -> None:
    """Kernel, loader, initramfs tool and the names of the system."""
    tree.files("/proc", cmdline=host.cmdline, version=f"Linux version {host.release} (builder@demo)")
    tree.files("/proc/sys/kernel", osrelease=host.release, hostname=host.name)
    tree.file("/etc/hostname", host.name)
    tree.file("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n')
    tree.file(
        "/etc/default/grub",
        f'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="{host.default_cmdline}"\nGRUB_CMDLINE_LINUX=""\n',
    )
    words = host.default_cmdline if host.menu_cmdline is None else host.menu_cmdline
    tree.file(
        "/boot/grub/grub.cfg",
        "set default=0\n### BEGIN /etc/grub.d/10_linux ###\n"
        "menuentry 'Debian GNU/Linux' --class debian {\n"
        f"\tlinux\t/vmlinuz-{host.release} root=/dev/nvme0n1p2 ro {words}\n"
        f"\tinitrd\t/initrd.img-{host.release}\n}}\n### END /etc/grub.d/10_linux ###\n",
    )
    tree.file(f"/boot/vmlinuz-{host.release}", b"MZ")
    tree.file(f"/boot/config-{host.release}", host.config)
    tree.file("/etc/initramfs-tools/initramfs.conf", "MODULES=most\nCOMPRESS=zstd")
    tree.file("/etc/initramfs-tools/modules", "# modules for the initramfs\n")
    tree.file("/usr/sbin/update-initramfs", b"#!/bin/sh\n", 0o755)
    first = f"[    0.000000] Linux version {host.release}\n"
    tree.file("/var/log/dmesg", host.log and first + host.log)
    tree.file("/var/log/dmesg.0", host.last_log and first + host.last_log)
    tree.file(f"/boot/initrd.img-{host.release}", initramfs(host), mtime=host.built)
    tree.files("/proc/sys/kernel", split_lock_mitigate=host.split_lock, sched_rt_runtime_us=950000)
    tree.folder("/run")
    tree.file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids")
    tree.file("/sys/kernel/security/lockdown", choice("none integrity confidentiality", host.lockdown))
    tree.files(
        "/sys/class/dmi/id",
        board_vendor="Demo Boards Inc.",
        board_name="AM4 DEMO-A",
        bios_version="F37",
        bios_date="01/02/2026",
    )
    tree.file("/sys/firmware/efi/fw_platform_size", 64)
    tree.file(
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        b"\6\0\0\0" + bytes([host.secure_boot]),
    )
    if host.kvm:
        tree.file("/dev/kvm", b"", 0o666)
    tree.folder("/dev")


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
"""What the kernel has when it is not set."""


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

"""Systems whose entries a program of theirs makes: which loader starts them, and where its entries lie.

proxmox-boot-tool copies kernels and words to boot partitions that it mounts for that moment only: GRUB's there is made
from /etc/default/grub, systemd-boot's from the first line of /etc/kernel/cmdline (Proxmox VE, "Host Bootloader").
"""

from __future__ import annotations

from vfiotui.host.boot.loader_firmware import efi_text
from vfiotui.host.boot.path.places import esps, in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.cmdline import CommandLine

MAKERS = {
    "proxmox": "proxmox-boot-tool",
    "kernelstub": "kernelstub",
    "nixos": "NixOS",
    "guix": "Guix",
    "rpm-ostree": "ostree",
}
"""Loader's name → who makes its entries."""
REAL = ("grub", "grub-bls", "systemd-boot", "uki", "limine", "refind", "syslinux", "efistub")
UUIDS = "/etc/kernel/proxmox-boot-uuids"


def proxmox_kind(root: Root) -> str:
    """The loader on proxmox-boot-tool's partitions: grub or systemd-boot; empty where nothing tells.

    The tool knows these two only, so BOOT_IMAGE= is GRUB's here.
    """
    line = CommandLine(or_else(root.text("/proc/cmdline", 1 << 14), ""), "/proc/cmdline")
    if line.has("BOOT_IMAGE"):
        return "grub"
    if any("\\EFI\\proxmox\\" in v for v in line.values("initrd") if v):
        return "systemd-boot"
    info = or_else(efi_text(root, "LoaderInfo"), "").lower()
    if info:
        return "systemd-boot" if "systemd-boot" in info else "grub" if "grub" in info else ""
    if root.has("sys") and root.origin is Mode.LIVE and root.exists("/sys/firmware/efi") is False:
        return "grub"
    kinds = {kind for esp in esps(root) if (kind := _on(root, esp))}
    return kinds.pop() if len(kinds) == 1 else ""


def _on(root: Root, esp: str) -> str:
    """The loader of a mounted boot partition of Proxmox."""
    if in_folder(root, esp, "EFI/proxmox") and in_folder(root, esp, "loader/loader.conf"):
        return "systemd-boot"
    return "grub" if in_folder(root, esp, "grub/grub.cfg") and in_folder(root, esp, "EFI/proxmox") else ""


def underlying(root: Root, loader: Loader) -> Reading[str]:
    """The loader that reads the entries which another program makes; Unread where it or they are not seen."""
    maker = MAKERS[loader.name]
    if loader.name != "proxmox":
        found = next((name for name in loader.others if name in REAL), "")
        return found or Unread(f"which loader reads the entries of {maker} is not seen", Why.NOT_HERE)
    kind = proxmox_kind(root)
    if not any(_on(root, esp) for esp in esps(root)):
        count = len([line for line in or_else(root.lines(UUIDS), ()) if line.strip()])
        where = "boot partition, which is" if count == 1 else f"{count} boot partitions, which are"
        return Unread(f"{maker} keeps the entries{f' of {kind}' if kind else ''} on its {where} not mounted",
                      Why.NOT_HERE, UUIDS)  # fmt: skip
    return kind or Unread("which loader starts from the boot partitions is not seen", Why.NOT_HERE, UUIDS)

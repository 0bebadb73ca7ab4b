"""The program that makes the boot menu, or the images that hold the kernel's words, anew from their sources.

Conditions: update-grub(8), grub-mkconfig(8); proxmox-boot-tool of Proxmox VE; kernel-install(8), `layout`;
dracut.conf(5), `uefi`; sdbootutil of openSUSE; sdboot-manage of EndeavourOS and CachyOS.
"""

from __future__ import annotations

from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.host.boot.config_snapshot import find_program
from vfiotui.host.boot.config_snapshot_boot import kernels
from vfiotui.host.boot.mounts import missing_mounts
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import ConfigFile, Loader
from vfiotui.model.boot.makers import Makers
from vfiotui.model.boot.path import BootPath

GRUB_MENUS = (("/boot/grub/grub.cfg", "grub-mkconfig"), ("/boot/grub2/grub.cfg", "grub2-mkconfig"))
INSTALL = ("/etc/kernel/install.conf", "/usr/lib/kernel/install.conf")
BOOT_PLACES = ("/boot", "/efi", "/boot/efi")


def find_menu_maker(
    root: Root, loader: Loader, path: Reading[BootPath], makers: Makers, dracut: tuple[ConfigFile, ...]
) -> Reading[tuple[str, ...]]:
    """The command, as words; Unread with the reason where none was found, or it would not reach the boot partition.

    `dracut` is its configuration in the order in which it is read.
    """
    missing = [entry.point for entry in missing_mounts(root) if entry.point in BOOT_PLACES]
    if "/boot" in missing or (missing and not loader.sure):
        return Unread(f"{' and '.join(missing)} of /etc/fstab must be mounted first", Why.NOT_HERE)
    found: tuple[str, ...] = ()
    match _home(loader, path):
        case "grub":
            found = _grub(root)
        case "proxmox":
            found = ("proxmox-boot-tool", "refresh") if find_program(root, "proxmox-boot-tool") else ()
        case "uki":
            found = _unified(root, makers, dracut)
        case "systemd-boot" | "grub-bls":
            found = _entries(root, loader.name)
        case other:
            return Unread(f"no program that makes the entries of {other} anew is known", Why.NOT_HERE)
    return found or Unread("no program that makes it anew was found here", Why.ABSENT)


def _home(loader: Loader, path: Reading[BootPath]) -> str:
    """The loader in whose way the words are kept: uki where systemd-boot starts unified images only."""
    kind = None if isinstance(path, Unread) else path.unified
    if loader.name not in ("systemd-boot", "uki") or kind is None:
        return loader.name
    return "uki" if kind else "systemd-boot"


def _grub(root: Root) -> tuple[str, ...]:
    if find_program(root, "update-grub"):
        return ("update-grub",)
    for menu, maker in GRUB_MENUS:
        if find_program(root, maker) and root.exists(menu) is True:
            return (maker, "-o", menu)
    return ()


def _unified(root: Root, makers: Makers, dracut: tuple[ConfigFile, ...]) -> tuple[str, ...]:
    if find_program(root, "mkinitcpio") and any(b.tool == "mkinitcpio" and b.unified for b in makers.builds):
        return ("mkinitcpio", "-P")
    install = next((text for p in INSTALL if not isinstance(text := root.text(p), Unread)), "")
    if find_program(root, "kernel-install") and value_of(parse(install), "layout") == "uki":
        release, image = next(iter(kernels(root).items()), ("", ""))
        return ("kernel-install", "add", release, image) if image else ()
    given = tuple(a for file in dracut for a in parse(file.text))
    if find_program(root, "dracut") and value_of(given, "uefi") == "yes":
        return ("dracut", "-f", "--regenerate-all")
    return ()


def _entries(root: Root, loader: str) -> tuple[str, ...]:
    if find_program(root, "sdbootutil") and root.exists("/etc/kernel/cmdline") is True:
        return ("sdbootutil", "update-all-entries")
    manage = root.exists("/etc/sdboot-manage.conf") is True and find_program(root, "sdboot-manage")
    if loader == "systemd-boot" and manage:
        return ("sdboot-manage", "gen")
    return ()

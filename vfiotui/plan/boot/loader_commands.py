"""What brings the kernel's words from their files into the loader's menu."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.boot import uki
from vfiotui.plan.boot.loader_files import (
    CMDLINE,
    ENTRY_FOLDERS,
    EXTLINUX,
    LIMINE,
    LIMINE_DEFAULT,
    SDBOOT,
    SYSLINUX,
    entries,
)

MENUS = (("/boot/grub/grub.cfg", "grub-mkconfig"), ("/boot/grub2/grub.cfg", "grub2-mkconfig"))
ENTRY_FILES = tuple(f"{folder}/*.conf" for folder in ENTRY_FOLDERS)


@dataclass(frozen=True, slots=True)
class Refresh:
    """A command that makes the menu from the files."""

    argv: tuple[str, ...]
    products: tuple[str, ...]
    menu: str = ""
    """The file in which new words can be looked for afterwards."""
    again: bool = False
    """Its effect lies where no undo reaches: it runs once more after one."""
    more_menus: tuple[str, ...] = ()
    """Further files that must hold new words."""


def _grub(snapshot: ConfigSnapshot) -> Refresh | None:
    for menu, maker in MENUS:
        if "update-grub" in snapshot.programs and menu == MENUS[0][0]:
            return Refresh(("update-grub",), (f"{menu}*",), menu)
        if maker in snapshot.programs and menu in snapshot.files:
            return Refresh((maker, "-o", menu), (f"{menu}*",), menu)
    return None


def _entries_anew(snapshot: ConfigSnapshot, argv: tuple[str, ...]) -> Refresh:
    paths = [file.path for file in entries(snapshot) if file.takes]
    return Refresh(argv, ENTRY_FILES, paths[-1] if paths else "", more_menus=tuple(paths[:-1]))


def _limine(snapshot: ConfigSnapshot) -> Refresh:
    menu = next((p for p in LIMINE if p in snapshot.files), "")
    return Refresh(("limine-update",), (*LIMINE, "/boot/limine.conf.*"), menu)


def refresh(loader: str, snapshot: ConfigSnapshot) -> Refresh | None:
    """What must run after the files were edited; None where the files are the menu, or no such program is here."""
    programs = snapshot.programs
    if loader == "grub":
        return _grub(snapshot)
    if loader == "proxmox" and "proxmox-boot-tool" in programs:
        return Refresh(("proxmox-boot-tool", "refresh"), (), again=True)
    if loader in ("systemd-boot", "grub-bls") and "sdbootutil" in programs and CMDLINE in snapshot.files:
        return _entries_anew(snapshot, ("sdbootutil", "update-all-entries"))
    if loader == "systemd-boot" and "sdboot-manage" in programs and SDBOOT in snapshot.files:
        return _entries_anew(snapshot, ("sdboot-manage", "gen"))
    if loader == "syslinux" and "update-extlinux" in programs and EXTLINUX in snapshot.files:
        menu = next((p for p in SYSLINUX if p in snapshot.files), SYSLINUX[0])
        return Refresh(("update-extlinux",), (menu, "/boot/extlinux.conf.old"), menu)
    if loader == "limine" and "limine-update" in programs and LIMINE_DEFAULT in snapshot.files:
        return _limine(snapshot)
    return None


def unified_builds(snapshot: ConfigSnapshot, boot: Boot) -> list[Refresh]:
    """What builds the unified images anew: one command, or one for each kernel; empty where nobody is known to."""
    found = uki.images(snapshot, boot)
    menu, more = (found[-1], found[:-1]) if found else ("", ())
    match uki.builder(snapshot):
        case "mkinitcpio":
            products = (*uki.preset_images(snapshot), "/boot/initramfs-*.img")
            return [Refresh(("mkinitcpio", "-P"), tuple(dict.fromkeys(products)), menu, more_menus=more)]
        case "dracut":
            products = (*uki.PRODUCTS, "/boot/initramfs-*.img", "/boot/initrd.img-*")
            return [Refresh(("dracut", "-f", "--regenerate-all"), products, menu, more_menus=more)]
        case "kernel-install":
            return [
                Refresh(("kernel-install", "add", release, image), uki.PRODUCTS, menu, more_menus=more)
                for release, image in snapshot.kernels.items()
            ]
    return []

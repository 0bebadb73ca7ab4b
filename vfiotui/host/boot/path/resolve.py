"""The boot path of a root, by the loader that starts it."""

from __future__ import annotations

from vfiotui.host.boot.path import firmware
from vfiotui.host.boot.path.owned import MAKERS, underlying
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.path import BootPath, PathStep


def find_path(root: Root, loader: Loader) -> Reading[BootPath]:
    """What the next boot will really load; Unread where this loader's files cannot be followed, with the reason.

    The firmware's steps come first; the modules of the loaders begin with the loader's own configuration.
    """
    found = _of(root, loader)
    if isinstance(found, Unread):
        return found
    start = firmware.starts(root)
    return replace(found, steps=(*start.steps, *found.steps), missing=(*start.missing, *found.missing))


def _of(root: Root, loader: Loader) -> Reading[BootPath]:
    # A host has one loader: the modules of the others are not loaded.
    match loader.name:
        case "grub" | "grub-bls":
            from vfiotui.host.boot.path.grub import path as grub

            return grub.find_path(root, loader)
        case "systemd-boot":
            from vfiotui.host.boot.path import systemd_boot

            return systemd_boot.find(root)
        case "uki":
            from vfiotui.host.boot.path import unified_start

            return unified_start.find(root)
        case "unknown":
            return Unread("the boot loader is not known", Why.NOT_HERE)
        case "limine":
            from vfiotui.host.boot.path import limine

            return limine.find(root)
        case "refind":
            from vfiotui.host.boot.path import refind

            return refind.find(root)
        case "syslinux":
            from vfiotui.host.boot.path import syslinux

            return syslinux.find(root)
        case "efistub":
            from vfiotui.host.boot.path import efistub

            return efistub.find(root)
        case "proxmox" | "kernelstub" | "nixos" | "guix" | "rpm-ostree":
            name = underlying(root, loader)
            found = name if isinstance(name, Unread) else _of(root, replace(loader, name=name))
            if isinstance(found, Unread):
                return found
            made = PathStep(f"{MAKERS[loader.name]} makes the entries of {name}", loader.evidence[0])
            return replace(found, steps=(made, *found.steps))
    return Unread(f"the entries of {loader.name} are not followed", Why.NOT_HERE)

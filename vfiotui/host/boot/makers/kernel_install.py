"""What kernel-install made of this system's kernels on the boot partitions, and who calls it again.

It copies an initramfs into a folder of the kernel, or into a unified image (kernel-install(8), 90-loaderentry.install,
60-ukify.install): the copy stays old until it is called for that kernel again. Debian's systemd-boot has a hook of
update-initramfs that does so, where `bootctl is-installed` holds.
"""

from __future__ import annotations

import re

from vfiotui.host.boot.kernel import installed
from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.boot import Loader

PROGRAMS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin")
TOKEN = re.compile(r"[\w.-]+", re.ASCII)
LOADERS = ("systemd-boot", "uki", "refind")
"""Loaders that start what kernel-install makes."""
HOOKS = "/etc/initramfs/post-update.d"
"""Run by update-initramfs behind every image (initramfs-tools(7)); run-parts passes over what is not executable."""


def has_program(root: Root, name: str) -> bool:
    """Whether a program is installed."""
    return any(root.exists(f"{folder}/{name}") is True for folder in PROGRAMS)


def tokens(root: Root) -> tuple[str, ...]:
    """The names that kernel-install gives the folder of this system's kernels: its entry token, its machine id."""
    said = [or_else(root.text(path, 4096), "").strip() for path in ("/etc/kernel/entry-token", "/etc/machine-id")]
    return tuple(dict.fromkeys(word for word in (*said, "Default") if TOKEN.fullmatch(word)))


def entry_folders(root: Root) -> tuple[str, ...]:
    """Folders of this system's kernels on the boot partitions: /efi/TOKEN."""
    found = (f"{place}/{token}" for place in PLACES for token in tokens(root))
    return tuple(folder for folder in found if isinstance(root.names(folder), tuple))


def kernel_installs(root: Root) -> tuple[tuple[str, ...], ...]:
    """kernel-install for every installed kernel, oldest first: kernel-install add RELEASE IMAGE."""
    found = []
    for release in installed(root):
        image = f"/usr/lib/modules/{release}/vmlinuz"
        boot = f"/boot/vmlinuz-{release}"
        path = image if root.exists(image) is True else boot if root.exists(boot) is True else ""
        if path:
            found.append(("kernel-install", "add", release, path))
    return tuple(found)


def copies_by_kernel_install(root: Root, loader: Loader) -> tuple[str, ...]:
    """What holds a copy of an installed kernel's initramfs, as paths and patterns: unified images, and initrd* in the
    folder of the kernel. Empty where kernel-install made none, or the loader does not start them."""
    if loader.name not in LOADERS or not has_program(root, "kernel-install"):
        return ()
    found: dict[str, None] = {}
    names, releases = tokens(root), installed(root)
    for place in PLACES:
        for name in or_else(root.names(f"{place}/EFI/Linux"), ()):
            if name.endswith(".efi") and any(_is_of(name, t, r) for t in names for r in releases):
                found.setdefault(f"{place}/EFI/Linux/{name}")
    for folder in entry_folders(root):
        inside = or_else(root.names(folder), ())
        found.update((f"{folder}/{release}/initrd*", None) for release in releases if release in inside)
    return tuple(found)


def _is_of(name: str, token: str, release: str) -> bool:
    """Whether a unified image bears the name that 90-uki-copy.install gives it: TOKEN-RELEASE[+TRIES]."""
    rest = name.removesuffix(".efi").removeprefix(f"{token}-{release}")
    return name.startswith(f"{token}-{release}") and (not rest or rest[0] == "+")


def is_hooked(root: Root) -> bool:
    """Whether update-initramfs calls kernel-install by a hook of its own; one that asks bootctl first does so only
    where systemd-boot lies on a boot partition (bootctl(1), is-installed)."""
    for name in or_else(root.names(HOOKS), ()):
        path = f"{HOOKS}/{name}"
        text, found = root.text(path), root.stat(path)
        if isinstance(text, Unread) or isinstance(found, Unread) or (root.said is None and not found.mode & 0o111):
            continue
        lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
        if any("kernel-install" in line for line in lines):
            return not any("bootctl" in line for line in lines) or _has_systemd_boot(root)
    return False


def _has_systemd_boot(root: Root) -> bool:
    names = (name for place in PLACES for name in or_else(root.names(f"{place}/EFI/systemd"), ()))
    return any(name.startswith("systemd-boot") for name in names)

"""Surveys a root for planners: configuration files as bytes, and the programs that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vfiotui.formats.guard_hooks.runner import PATH as GUARD
from vfiotui.formats.usb_follow.units import WATCH
from vfiotui.host.boot import guard
from vfiotui.host.boot.config_snapshot_boot import enrolled, kernels, not_executable, unified
from vfiotui.host.boot.grub_sources import grub_files
from vfiotui.host.boot.kernel import read_modules
from vfiotui.host.boot.loader import SYSLINUX
from vfiotui.host.boot.makers.presets import named_files
from vfiotui.host.boot.mounts import not_mounted
from vfiotui.host.boot.services import CONFIGURED as UNITS
from vfiotui.host.boot.services import OPENRC
from vfiotui.host.guest import device_links
from vfiotui.host.root.identity import machine
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.change.config_snapshot import ConfigSnapshot

FILE_LIMIT = 1 << 20
COUNT_LIMIT = 2000
FILES = (
    "/etc/default/grub",
    "/etc/default/limine",
    "/etc/kernel/cmdline",
    "/usr/lib/kernel/cmdline",
    "/etc/kernelstub/configuration",
    "/etc/sdboot-manage.conf",
    "/boot/refind_linux.conf",
    "/etc/update-extlinux.conf",
    *SYSLINUX,
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/grub/custom.cfg",
    "/boot/grub2/custom.cfg",
    "/boot/grub2/grubenv",
    "/boot/efi/EFI/fedora/grubenv",
    "/boot/efi/EFI/redhat/grubenv",
    "/boot/efi/EFI/centos/grubenv",
    "/boot/efi/EFI/rocky/grubenv",
    "/boot/efi/EFI/almalinux/grubenv",
    "/etc/machine-id",
    "/etc/kernel/install.conf",
    "/etc/kernel/uki.conf",
    "/usr/lib/kernel/install.conf",
    "/sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
    "/etc/mkinitcpio.conf",
    "/etc/initcpio/hooks/vfiotui",
    "/etc/initcpio/install/vfiotui",
    "/etc/initcpio/vfiotui/etc/systemd/system/vfiotui-bind-vfio.service",
    "/etc/initcpio/vfiotui/usr/lib/vfiotui/bind-vfio",
    "/etc/dracut.conf",
    "/etc/booster.yaml",
    "/etc/initramfs-tools/modules",
    "/etc/initramfs-tools/initramfs.conf",
    "/etc/modules",
    "/etc/sysctl.conf",
    "/etc/fstab",
    "/etc/libvirt/qemu.conf",
    "/etc/libvirt/hooks/qemu",
)
FOLDERS = (
    ("/etc/default/grub.d", ".cfg"),
    ("/etc/grub.d", ""),
    ("/etc/kernel/install.d", ".install"),
    ("/etc/cmdline.d", ".conf"),
    ("/boot/loader/entries", ".conf"),
    ("/efi/loader/entries", ".conf"),
    ("/boot/efi/loader/entries", ".conf"),
    ("/boot", ".conf"),
    ("/boot/limine", ".conf"),
    ("/boot/EFI/limine", ".conf"),
    ("/boot/EFI/BOOT", ".conf"),
    ("/efi/EFI/limine", ".conf"),
    ("/efi/EFI/BOOT", ".conf"),
    ("/boot/efi/EFI/limine", ".conf"),
    ("/boot/efi/EFI/BOOT", ".conf"),
    ("/efi", ".conf"),
    ("/boot/efi", ".conf"),
    ("/etc/modprobe.d", ".conf"),
    ("/run/modprobe.d", ".conf"),
    ("/usr/lib/modprobe.d", ".conf"),
    ("/etc/modules-load.d", ".conf"),
    ("/etc/mkinitcpio.conf.d", ".conf"),
    ("/etc/mkinitcpio.d", ".preset"),
    ("/etc/dracut.conf.d", ".conf"),
    ("/usr/lib/dracut/dracut.conf.d", ".conf"),
    ("/usr/lib/dracut/modules.d/09vfiotui", ""),
    ("/etc/initramfs-tools/conf.d", ""),
    ("/etc/initramfs-tools/scripts/init-top", ""),
    ("/etc/sysctl.d", ".conf"),
    ("/etc/tmpfiles.d", ".conf"),
    ("/etc/initramfs-tools/hooks", ""),
    ("/etc/udev/rules.d", ".rules"),
    ("/etc/vfiotui", ""),
    ("/etc/driverctl.d", ""),
    ("/etc/libvirt/hooks/qemu.d", ""),
    ("/etc/libvirt/qemu", ".xml"),
)
PROGRAMS = (
    "update-grub",
    "grub-mkconfig",
    "grub2-mkconfig",
    "grub-reboot",
    "grub2-reboot",
    "grub-editenv",
    "grub2-editenv",
    "grubby",
    "bootctl",
    "kernel-install",
    "proxmox-boot-tool",
    "kernelstub",
    "rpm-ostree",
    "limine-update",
    "update-extlinux",
    "limine-mkinitcpio",
    "reinstall-kernels",
    "sdboot-manage",
    "sdbootutil",
    "update-initramfs",
    "mkinitcpio",
    "dracut",
    "dnf",
    "xbps-install",
    "emerge",
    "urpmi",
    "eopkg",
    "slackpkg",
    "swupd",
    "booster",
    "ukify",
    "driverctl",
    "sysctl",
    "systemctl",
    "python3",
    "xmllint",
    "qemu-img",
    "swtpm",
    "swtpm_setup",
    "setfacl",
    "virsh",
)
OWN_WATCH = WATCH.rpartition("/")[2]
PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def _files(root: Root, extra: Iterable[str]) -> dict[str, Reading[bytes]]:
    paths = list(dict.fromkeys((*FILES, *named_files(root), *extra)))
    found: dict[str, Reading[bytes]] = {}
    for folder, suffix in FOLDERS:
        names = [n for n in or_else(root.names(folder), ()) if n.endswith(suffix) and not n.startswith(".")]
        paths += [f"{folder}/{n}" for n in names[:COUNT_LIMIT]]
        more = Unread(f"lies among more than {COUNT_LIMIT} files, which are too many to read", Why.TOO_BIG, folder)
        found.update(dict.fromkeys((f"{folder}/{n}" for n in names[COUNT_LIMIT:]), more))
    for path in paths:
        data = root.bytes(path, FILE_LIMIT)
        if not isinstance(data, Unread) or data.why not in (Why.ABSENT, Why.NOT_A_FILE):
            found[path] = data
    return found


def _unit_links(root: Root) -> Iterator[tuple[str, bytes]]:
    """Links of targets to services of /etc/systemd/system, as `systemctl enable` makes them (systemd.unit(5))."""
    here = set(or_else(root.names(UNITS), ()))
    for folder in sorted(n for n in here if n.endswith((".wants", ".requires"))):
        for name in sorted(here.intersection(or_else(root.names(f"{UNITS}/{folder}"), ()))):
            target = root.link(f"{UNITS}/{folder}/{name}")
            if name.endswith((".service", OWN_WATCH)) and isinstance(target, str):
                yield f"{UNITS}/{folder}/{name}", target.encode("utf-8", "surrogateescape")


def find_program(root: Root, name: str) -> str | None:
    """The path inside the root of a program, or None."""
    return next((p for p in (f"{f}/{name}" for f in PROGRAM_FOLDERS) if root.exists(p) is True), None)


def read_config_snapshot(root: Root, extra: Iterable[str] = ()) -> ConfigSnapshot:
    """Everything that planners may edit or run, and some files more; reads some hundred small files at most."""
    more = tuple(extra)
    guarded = GUARD in more
    programs = {name: path for name in PROGRAMS if (path := find_program(root, name))}
    sourced, drop_ins = grub_files(root)
    files = _files(root, (*more, *sourced))
    return ConfigSnapshot(
        files,
        programs,
        machine(root),
        not_mounted(root),
        links={folder: device_links.read(root, folder) for folder in device_links.FOLDERS if folder in more},
        kernels=kernels(root),
        unified=unified(root),
        enrolled=enrolled(root),
        grub_drop_ins=drop_ins,
        grub_sourced=sourced,
        modules=read_modules(root),
        not_executable=frozenset((*not_executable(root), *(guard.not_executable(root) if guarded else ()))),
        unit_links=dict(_unit_links(root)),
        systemd=root.exists(UNITS) is True and root.exists(OPENRC) is not True,
        own_program=guard.find_program(root) if guarded else Unread("was not looked for", Why.NOT_HERE),
    )

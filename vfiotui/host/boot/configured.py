"""The kernel command line that the generators would make of their sources; entries are their own where nothing does.

What lies on the disk, and what the next boot gets, is the boot path's.
"""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.loaders import (
    kernel_cmdline,
    kernelstub,
    limine_conf,
    loader_entry,
    pe_image,
    refind_linux,
    syslinux_conf,
)
from vfiotui.formats.loaders.efi_load_option import text_of
from vfiotui.formats.refused import EditRefused
from vfiotui.host.boot.config_snapshot_boot import unified
from vfiotui.host.boot.configured_unified import DROP_INS, of_unified
from vfiotui.host.boot.grub_sources import GRUB, of_grub
from vfiotui.host.boot.loader import ENTRIES, LIMINE, SYSLINUX
from vfiotui.host.boot.loader_firmware import EFIVARS, boot_option
from vfiotui.host.boot.path.owned import proxmox_kind
from vfiotui.host.pci.modules import natural
from vfiotui.host.root import config_files
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.boot.boot import ConfigFile, Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.makers import Build
from vfiotui.model.boot.path import BootPath

MISSPELT = "/etc/defaults/grub"
"""No tool reads it; some guides name it."""
REFIND = "/boot/refind_linux.conf"
KERNELSTUB = "/etc/kernelstub/configuration"
IMAGE_LIMIT = 512 << 20
Reader = Callable[[str], tuple[str, ...]]
CMDLINE_FILES = ("/etc/kernel/cmdline", "/usr/lib/kernel/cmdline")


def loader_files(root: Root) -> tuple[ConfigFile, ...]:
    """The configuration files of all loaders that are there."""
    return (
        *config_files.one(root, GRUB),
        *config_files.folder(root, f"{GRUB}.d", ".cfg"),
        *config_files.one(root, MISSPELT),
        *config_files.several(root, CMDLINE_FILES),
        *config_files.folder(root, DROP_INS, ".conf"),
        *(f for place in ENTRIES for f in config_files.folder(root, place, ".conf")),
        *config_files.several(root, (*LIMINE, REFIND, *SYSLINUX)),
        *config_files.several(root, (KERNELSTUB, "/etc/sdboot-manage.conf", "/etc/default/limine")),
    )


def of_entries(files: tuple[ConfigFile, ...], machine: str = "") -> Reading[CommandLine]:
    """The options of the newest entry of this system that starts a kernel; one without options is passed over."""
    found = []
    for entry in files:
        keys = dict(loader_entry.parse(entry.text))
        if entry.path.startswith(ENTRIES) and "linux" in keys and keys.get("machine-id", machine) == machine:
            found.append((natural(keys.get("version", "")), natural(entry.path), entry))
    for *_, entry in sorted(found, key=lambda f: f[:2], reverse=True):
        line = loader_entry.options(entry.text)
        if line is not None and "$kernelopts" not in line:
            return CommandLine(line, entry.path)
    return Unread("no entry with options was found", Why.ABSENT, ENTRIES[0])


def of_file(files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """The first of /etc/kernel/cmdline and /usr/lib/kernel/cmdline (kernel-install(8))."""
    for path in CMDLINE_FILES:
        for file in files:
            if file.path == path:
                return CommandLine(" ".join(kernel_cmdline.words(file.text)), path)
    return Unread("is not there", Why.ABSENT, CMDLINE_FILES[0])


def of_proxmox(root: Root, files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """What proxmox-boot-tool copies: GRUB's settings, or the first line of /etc/kernel/cmdline for systemd-boot."""
    kind = proxmox_kind(root)
    if kind == "grub":
        return of_grub(root, files)
    file = next((f for f in files if f.path == CMDLINE_FILES[0]), None)
    if file is not None:
        return CommandLine(" ".join(kernel_cmdline.first_line(file.text)), file.path)
    return of_grub(root, files)


def of_drop_ins(files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """/etc/cmdline.d, which mkinitcpio joins, and reads no other file where there are any."""
    found = [f for f in files if f.path.startswith(f"{DROP_INS}/")]
    if not found:
        return Unread("is not there", Why.ABSENT, DROP_INS)
    return CommandLine(" ".join(w for f in found for w in kernel_cmdline.words(f.text)), DROP_INS)


def of_image(root: Root) -> Reading[CommandLine]:
    """The words inside the newest unified image, which its stub gives to the kernel (systemd-stub(7))."""
    paths = sorted(unified(root), key=natural)
    if not paths:
        return Unread("no unified image was found", Why.ABSENT, "/efi/EFI/Linux")
    content = root.bytes(paths[-1], IMAGE_LIMIT)
    if isinstance(content, Unread):
        return content
    words = pe_image.words(content)
    if words is None:
        return Unread("holds no words of its own", Why.ABSENT, paths[-1])
    return CommandLine(words, paths[-1])


def of_words(files: tuple[ConfigFile, ...], paths: tuple[str, ...], words: Reader) -> Reading[CommandLine]:
    """The first of these files, by its own reader."""
    for file in (f for path in paths for f in files if f.path == path):
        try:
            return CommandLine(" ".join(words(file.text)), file.path)
        except EditRefused as refusal:
            return Unread(f"line {refusal.line_number}: {refusal.sentence}", Why.NOT_HERE, file.path)
    return Unread("is not there", Why.ABSENT, paths[0])


def of_firmware(root: Root) -> Reading[CommandLine]:
    """The words of the firmware's entry that starts the kernel itself."""
    option = boot_option(root)
    if option is None:
        return Unread("the firmware's entry cannot be read", Why.ABSENT, EFIVARS)
    return CommandLine(" ".join(text_of(option.options).split()), f"{EFIVARS}/BootCurrent")


def first(*readings: Callable[[], Reading[CommandLine]]) -> Reading[CommandLine]:
    """The first that is a value, else why the last one is none."""
    found: Reading[CommandLine] = Unread("nothing was looked at", Why.NOT_HERE)
    for reading in readings:
        found = reading()
        if not isinstance(found, Unread):
            return found
    return found


OWN_SOURCES = frozenset({"grub-bls", "systemd-boot", "rpm-ostree", "limine", "refind", "syslinux", "efistub"})
"""Loaders whose entries are edited themselves: what makes new ones leaves those that are there."""


def find_configured(
    root: Root, loader: Loader, files: tuple[ConfigFile, ...], path: Reading[BootPath], builds: tuple[Build, ...] = ()
) -> Reading[CommandLine]:
    """What the files say from which this loader's entries are made; Unread where there are none, with the reason."""
    built = of_unified(root, path, builds, first(lambda: of_drop_ins(files), lambda: of_file(files)))
    if built is not None:
        return built
    words = then(path, lambda found: found.words)
    if loader.name in OWN_SOURCES and isinstance(words, CommandLine):
        return words
    machine = or_else(root.text("/etc/machine-id", 4096), "").strip()
    match loader.name:
        case "grub":
            return of_grub(root, files)
        case "grub-bls" | "systemd-boot":
            return first(lambda: of_entries(files, machine), lambda: of_file(files))
        case "rpm-ostree" | "nixos":
            return of_entries(files, machine)
        case "uki":
            if isinstance(words, CommandLine):
                return words
            return first(lambda: of_image(root), lambda: of_drop_ins(files), lambda: of_file(files))
        case "proxmox":
            return of_proxmox(root, files)
        case "syslinux":
            return of_words(files, SYSLINUX, lambda text: syslinux_conf.words(text))
        case "limine":
            return of_words(files, LIMINE, lambda text: limine_conf.words(text))
        case "refind":
            return of_words(files, (REFIND,), lambda text: refind_linux.words(text))
        case "kernelstub":
            return first(lambda: of_entries(files, machine), lambda: of_words(files, (KERNELSTUB,), kernelstub.words))
        case "efistub":
            return of_firmware(root)
        case "unknown":
            return Unread("the boot loader is not known", Why.NOT_HERE)
    return Unread(f"how {loader.name} gets its command line is not read from here", Why.NOT_HERE)

"""The kernel command line that the loader's configuration will give at the next boot."""

from __future__ import annotations

from vfiotui.formats import loader_entry
from vfiotui.formats.shell_assignments import Assigned, Computed, parse, value_of
from vfiotui.host import config_files
from vfiotui.host.loader import ENTRIES
from vfiotui.host.root import Root
from vfiotui.model.boot import ConfigFile, Loader
from vfiotui.model.cmdline import CommandLine
from vfiotui.model.reading import Reading, Unread, Why

GRUB = "/etc/default/grub"
MISSPELT = "/etc/defaults/grub"
"""No tool reads it; some guides name it."""
CMDLINE_FILES = ("/etc/kernel/cmdline", "/usr/lib/kernel/cmdline")


def loader_files(root: Root) -> tuple[ConfigFile, ...]:
    """The configuration files of all loaders that are there."""
    return (
        *config_files.one(root, GRUB),
        *config_files.folder(root, f"{GRUB}.d", ".cfg"),
        *config_files.one(root, MISSPELT),
        *config_files.several(root, CMDLINE_FILES),
        *config_files.folder(root, "/etc/cmdline.d", ".conf"),
        *(f for place in ENTRIES for f in config_files.folder(root, place, ".conf")),
        *config_files.several(root, ("/boot/limine.conf", "/boot/limine/limine.conf", "/boot/refind_linux.conf")),
        *config_files.several(
            root, ("/etc/kernelstub/configuration", "/etc/sdboot-manage.conf", "/etc/default/limine")
        ),
    )


def of_grub(files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """GRUB_CMDLINE_LINUX, then GRUB_CMDLINE_LINUX_DEFAULT, as grub-mkconfig joins them; drop-ins are read after."""
    sources = [f for f in files if f.path == GRUB or f.path.startswith(f"{GRUB}.d/")]
    if not sources:
        return Unread("is not there", Why.ABSENT, GRUB)
    assigned: tuple[Assigned, ...] = tuple(a for f in sources for a in parse(f.text))
    words = []
    for name in ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"):
        value = value_of(assigned, name)
        if isinstance(value, Computed):
            return Unread(f"line {value.line} lets the shell compute it: {value.text[:80]}", Why.NOT_HERE, GRUB)
        words.append(value or "")
    return CommandLine(" ".join(w for w in words if w), GRUB)


def of_entries(files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """The options of the entry that sorts last, which the loaders take as the newest; one without is passed over."""
    entries = [f for f in files if f.path.startswith(ENTRIES)]
    for entry in reversed(entries):
        line = loader_entry.options(entry.text)
        if line is not None and "$kernelopts" not in line:
            return CommandLine(line, entry.path)
    return Unread("no entry with options was found", Why.ABSENT, ENTRIES[0])


def of_file(files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """The first of /etc/kernel/cmdline and /usr/lib/kernel/cmdline (kernel-install(8))."""
    for path in CMDLINE_FILES:
        for file in files:
            if file.path == path:
                return CommandLine(" ".join(file.text.split()), path)
    return Unread("is not there", Why.ABSENT, CMDLINE_FILES[0])


def find_intended(loader: Loader, files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """The next boot's command line as far as its source is known."""
    match loader.name:
        case "grub":
            return of_grub(files)
        case "grub-bls" | "systemd-boot":
            found = of_entries(files)
            return of_file(files) if isinstance(found, Unread) else found
        case "uki":
            return of_file(files)
        case "proxmox":
            found = of_file(files)
            return of_grub(files) if isinstance(found, Unread) else found
        case "unknown":
            return Unread("the boot loader is not known", Why.NOT_HERE)
    return Unread(f"how {loader.name} is told its command line is not read from here", Why.NOT_HERE)

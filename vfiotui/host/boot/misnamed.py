"""Files that lie beside the configuration: those that are passed over because of their names, and driverctl's."""

from __future__ import annotations

from vfiotui.formats.suffix import SUFFIXES, lacks_suffix
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.model.boot.boot import ConfigFile

DRIVERCTL = "/etc/driverctl.d"
UKI_CONF = ("/etc/kernel/uki.conf", "/usr/lib/kernel/uki.conf")


def read(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """The files that their program does not read for want of a suffix (formats/suffix.py)."""
    paths = (f"{folder}/{name}" for folder in SUFFIXES for name in files.names(folder))
    return files.several(path for path in paths if lacks_suffix(path))


def overrides(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """driverctl's stored drivers, by the address in each file's name."""
    return tuple(f for f in files.folder(DRIVERCTL) if f.path.startswith(f"{DRIVERCTL}/pci-"))

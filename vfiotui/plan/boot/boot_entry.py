"""The command line that stands in the generated boot entry: what the loader will really pass on."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.loader_entry import options
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.image import Image
from vfiotui.model.change.config_snapshot import ConfigSnapshot

GRUB = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
ENTRIES = ("/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries")
LINUX = re.compile(r"^[ \t]*linux(?:16|efi)?[ \t]+\S+[ \t]*(.*)$", re.MULTILINE)


def entry_cmdline(boot: Boot, snapshot: ConfigSnapshot, image: Reading[Image]) -> Reading[CommandLine]:
    """The words of the first entry of grub.cfg, of the last loader entry, or of the unified kernel image."""
    if isinstance(image, Image) and image.cmdline is not None:
        return CommandLine(image.cmdline, image.path)
    if boot.loader.name == "grub":
        for path in GRUB:
            content = snapshot.content(path)
            if isinstance(content, bytes):
                found = LINUX.search(content.decode("utf-8", "replace"))
                return CommandLine(found[1], path) if found else Unread("boots no kernel", Why.DAMAGED, path)
        return Unread("is not there", Why.ABSENT, GRUB[0])
    for folder in ENTRIES:
        for path in reversed(snapshot.below(folder, ".conf")):
            content = snapshot.content(path)
            line = options(content.decode("utf-8", "replace")) if isinstance(content, bytes) else None
            if line is not None and "$kernelopts" not in line:
                return CommandLine(line, path)
    return Unread(f"where {boot.loader.name} keeps its entries is not read from here", Why.NOT_HERE)

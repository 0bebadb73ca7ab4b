"""The ids that the configuration hands to vfio-pci, wherever they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.modprobe_lines import fold, statements
from vfiotui.model.pci.functions import PciDevice

LIST = "/etc/initramfs-tools/modules"
"""initramfs-tools' list of modules, whose lines may carry options."""


@dataclass(frozen=True, slots=True)
class VfioId:
    """One element of an ids= list: vendor:device[:subvendor[:subdevice[:class[:mask]]]] (vfio_pci.c)."""

    text: str
    where: str
    """Path, with the line number for modprobe.d files."""
    on_cmdline: bool

    def matches(self, device: PciDevice) -> bool:
        """Whether vfio-pci would take the device for this id."""
        wanted = self.text.lower().split(":")
        values = (device.vendor, device.device, device.subsystem_vendor, device.subsystem_device)
        for word, value in zip(wanted[:4], values, strict=False):
            if not re.fullmatch(r"[0-9a-f]{1,8}", word) or not isinstance(value, int):
                return False
            number = int(word, 16)
            if number != 0xFFFFFFFF and number != value:
                return False
        return len(wanted) >= 2


def _split(value: str, where: str, on_cmdline: bool) -> Iterator[VfioId]:
    for word in value.strip('"').split(","):
        if word:
            yield VfioId(word, where, on_cmdline)


def _on(line: CommandLine) -> Iterator[VfioId]:
    yield from _split(line.last("vfio-pci.ids") or "", line.source, True)


def _said(boot: Boot) -> Iterator[tuple[str, str]]:
    """Every ids= for a vfio-pci that is a module, with its place, in the order in which kmod gives them to the kernel.

    What stands behind the module's name in initramfs-tools' list comes behind the options of modprobe.d.
    """
    for file in boot.modprobe:
        for line in statements(file.text):
            if line.verb == "options" and fold(line.name.value) == "vfio_pci":
                for word in line.words:
                    key, equals, value = word.value.partition("=")
                    if key == "ids" and equals:
                        yield value, f"{file.path}:{line.line}"
    lists = (f for f in boot.initramfs_config if f.path == LIST and boot.initramfs == "initramfs-tools")
    for number, text in (pair for file in lists for pair in file.numbered()):
        words = text.split()
        if fold(words[0]) == "vfio_pci":
            yield from ((word[4:], f"{LIST}:{number}") for word in words[1:] if word.startswith("ids="))


def configured_ids(boot: Boot) -> tuple[VfioId, ...]:
    """The ids in force: of modprobe.d, of the running and the next command lines and of their sources.

    An id may come twice. Of several ids= of modprobe.d the kernel keeps the last, and none of them where the command
    line has its own (kernel/params.c; libkmod puts the command line behind the files).
    """
    found: list[VfioId] = []
    said = tuple(_said(boot))
    if said and not (boot.lines and all(line.has("vfio-pci.ids") for line in boot.lines)):
        found.extend(_split(*said[-1], False))
    for words in (*boot.lines, boot.configured):
        if isinstance(words, CommandLine):
            found.extend(i for i in _on(words) if i.text not in {f.text for f in found if f.on_cmdline})
    return tuple(found)


def replaced_ids(boot: Boot) -> tuple[VfioId, ...]:
    """The ids of modprobe.d that a later ids= replaces; the same id in the list that counts is none of them."""
    said = tuple(_said(boot))
    kept = {i.text for i in _split(*said[-1], False)} if said else set()
    return tuple(i for one in said[:-1] for i in _split(*one, False) if i.text not in kept)

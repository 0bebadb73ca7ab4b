"""The ids that the configuration hands to vfio-pci, wherever they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.pci.functions import PciDevice

OPTION = re.compile(r"^options\s+vfio[-_]pci\s+(.*)$")
IDS = re.compile(r"(?:^|\s)ids=(\S+)")


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
    for value in line.values("vfio-pci.ids"):
        yield from _split(value or "", line.source, True)


def configured_ids(boot: Boot) -> tuple[VfioId, ...]:
    """All ids: of modprobe.d, of the running and the next command lines and of their sources; one may come twice."""
    found: list[VfioId] = []
    for file in boot.modprobe:
        for number, line in file.numbered():
            option = OPTION.match(line)
            ids = IDS.search(option[1]) if option else None
            if ids:
                found.extend(_split(ids[1], f"{file.path}:{number}", False))
    for words in (*boot.lines, boot.configured):
        if isinstance(words, CommandLine):
            found.extend(i for i in _on(words) if i.text not in {f.text for f in found if f.on_cmdline})
    return tuple(found)

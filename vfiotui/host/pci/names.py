"""Names from the system's pci.ids, looked up without parsing the whole file.

Names are no facts about the machine: a root without the file borrows the running system's.
Format: pci.ids of the PCI ID Project.
"""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why

PLACES = ("/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", "/var/lib/pciutils/pci.ids")
LIMIT = 16 << 20
NEXT_SECTION = re.compile(rb"\n(?![\t#])")


class PciNames:
    """Vendors, devices, subsystems and classes by number."""

    def __init__(self, data: bytes | Unread) -> None:
        self._data = b"\n" + data if isinstance(data, bytes) else b""
        self._missing = data if isinstance(data, Unread) else None
        self._sections: dict[bytes, bytes] = {}
        self._devices: dict[tuple[int, int], Reading[str]] = {}

    def _section(self, head: bytes) -> bytes:
        """The lines below a top line such as `10de`, that line included."""
        if head not in self._sections:
            # The classes stand at the end of more than a megabyte.
            look = self._data.rfind if head.startswith(b"C ") else self._data.find
            start = look(b"\n" + head + b"  ")
            end = NEXT_SECTION.search(self._data, start + 1) if start >= 0 else None
            self._sections[head] = b"" if start < 0 else self._data[start : end.start() if end else len(self._data)]
        return self._sections[head]

    def _name(self, section: bytes, prefix: bytes) -> str | None:
        start = section.find(b"\n" + prefix + b"  ")
        if start < 0:
            return None
        end = section.find(b"\n", start + 1)
        line = section[start : end if end > 0 else len(section)]
        return line[len(prefix) + 3 :].decode("utf-8", "replace").strip()

    def _or_unread(self, name: str | None, what: str) -> Reading[str]:
        if name is not None:
            return name
        return self._missing or Unread(f"no name is known for {what}", Why.ABSENT)

    def vendor(self, vendor: int) -> Reading[str]:
        """The name of a vendor."""
        head = b"%04x" % vendor
        return self._or_unread(self._name(self._section(head), head), f"vendor {vendor:04x}")

    def device(self, vendor: int, device: int) -> Reading[str]:
        """The name of a device."""
        key = vendor, device
        if key not in self._devices:
            name = self._name(self._section(b"%04x" % vendor), b"\t%04x" % device)
            self._devices[key] = self._or_unread(name, f"device {vendor:04x}:{device:04x}")
        return self._devices[key]

    def subsystem(self, vendor: int, device: int, sub_vendor: int, sub_device: int) -> Reading[str]:
        """The name of a board; only those that differ from their chip are listed."""
        section = self._section(b"%04x" % vendor)
        start = section.find(b"\n\t%04x  " % device)
        what = f"subsystem {sub_vendor:04x}:{sub_device:04x}"
        if start < 0:
            return self._or_unread(None, what)
        end = start
        while True:
            end = section.find(b"\n\t", end + 1)
            if end < 0 or section[end + 2 : end + 3] != b"\t":
                break
        below = section[start + 1 : end if end > 0 else len(section)]
        return self._or_unread(self._name(below, b"\t\t%04x %04x" % (sub_vendor, sub_device)), what)

    def kind(self, class_code: int) -> Reading[str]:
        """The name of a class: of its subclass, else of its base class."""
        base, sub = class_code >> 16 & 0xFF, class_code >> 8 & 0xFF
        section = self._section(b"C %02x" % base)
        name = self._name(section, b"\t%02x" % sub) or self._name(section, b"C %02x" % base)
        return self._or_unread(name, f"class {base:02x}{sub:02x}")


def read_names(root: Root) -> PciNames:
    """The names of the root's own file, else of the running system's."""
    missing: Unread | None = None
    for place in (root, Root.live()):
        for path in PLACES:
            data = place.bytes(path, LIMIT)
            if not isinstance(data, Unread):
                return PciNames(data)
            missing = missing or Unread("no pci.ids was found (package pci.ids or hwdata)", data.why, path)
    return PciNames(missing or Unread("no pci.ids was found"))

"""Names from the system's pci.ids, looked up without parsing the whole file, and udev's where that lacks one.

Names are no facts about the machine: a root without the file borrows the running system's.
Format: pci.ids of the PCI ID Project. udev notes for each device what its own hardware database calls it:
ID_VENDOR_FROM_DATABASE, ID_MODEL_FROM_DATABASE, ID_PCI_SUBCLASS_FROM_DATABASE and ID_PCI_CLASS_FROM_DATABASE
(systemd's rules.d/75-pci-hwdb and hwdb(7)).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import Stat
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.pci.functions import PciDevice

PLACES = ("/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids", "/var/lib/pciutils/pci.ids")
LIMIT = 16 << 20
DATABASE = "/run/udev/data"
ENTRY_LIMIT = 1 << 16
"""Bytes of an entry of udev's database; udev writes some hundreds."""
LONGEST = 200
"""Characters of a name from there; those of pci.ids have at most some 120."""
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


def named(root: Root, devices: tuple[PciDevice, ...]) -> tuple[PciDevice, ...]:
    """The devices; of one without a name in pci.ids the names that udev knows, or why they could not be asked for.

    pyudev is loaded only where such a device has an entry in udev's database.
    """
    if not root.is_live:
        return devices
    nameless = {d.bdf for d in devices if _lacks(d) and _has_entry(root, d.bdf)}
    if not nameless:
        return devices
    try:
        import pyudev
    except ImportError as error:
        return tuple(_unasked(d, f"pyudev cannot be loaded ({error})") if d.bdf in nameless else d for d in devices)
    context = pyudev.Context()
    return tuple(_asked(d, pyudev, context) if d.bdf in nameless else d for d in devices)


def _lacks(device: PciDevice) -> bool:
    """Whether a name is unknown of a device whose numbers are known."""
    pairs = (
        (device.vendor, device.vendor_name),
        (device.device, device.device_name),
        (device.class_code, device.class_name),
    )
    return any(isinstance(number, int) and isinstance(name, Unread) for number, name in pairs)


def _has_entry(root: Root, bdf: str) -> bool:
    """Whether the database has a file of sense for the device; libudev would wait for ever at a FIFO.

    The entry of a device of the PCI bus is called by its subsystem and name (libsystemd, device_get_device_id).
    """
    found = root.stat(f"{DATABASE}/+pci:{bdf}", follow=False)
    return isinstance(found, Stat) and found.kind == "file" and 0 < found.size <= ENTRY_LIMIT


def _asked(device: PciDevice, pyudev: Any, context: Any) -> PciDevice:
    try:
        known: Mapping[str, str] = pyudev.Devices.from_name(context, "pci", device.bdf).properties
        words = dict(known)
    except (pyudev.DeviceNotFoundError, OSError, ValueError) as error:
        return _unasked(device, f"udev does not answer ({error})")

    def name(reading: Reading[str], *keys: str) -> Reading[str]:
        told = next((text for key in keys if (text := _clean(words.get(key, "")))), "")
        return told if isinstance(reading, Unread) and told else reading

    return replace(
        device,
        vendor_name=name(device.vendor_name, "ID_VENDOR_FROM_DATABASE"),
        device_name=name(device.device_name, "ID_MODEL_FROM_DATABASE"),
        class_name=name(device.class_name, "ID_PCI_SUBCLASS_FROM_DATABASE", "ID_PCI_CLASS_FROM_DATABASE"),
    )


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").strip()[:LONGEST]


def _unasked(device: PciDevice, why: str) -> PciDevice:
    def name(reading: Reading[str]) -> Reading[str]:
        if not isinstance(reading, Unread):
            return reading
        return Unread(f"{reading.reason}; udev's database has an entry, but {why}", reading.why, reading.path)

    return replace(
        device,
        vendor_name=name(device.vendor_name),
        device_name=name(device.device_name),
        class_name=name(device.class_name),
    )

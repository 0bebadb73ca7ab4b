"""Devices that a person chose to give away, stored so that a moved card is noticed."""

from __future__ import annotations

import json
from typing import Any

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciBus, PciDevice

FILE = "/etc/vfiotui/isolated.json"
"""Where the selection lies, inside the root."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """One function, by everything that tells it from others: an address alone moves when a card is added."""

    bdf: str
    vendor: str
    """Four hexadecimal digits, as are the next three; empty where it was not read."""
    device: str
    subsystem_vendor: str
    subsystem_device: str
    path: str
    """The bridges above it, from the root: "0000:00:01.0/0000:01:00.0"."""
    method: str = ""
    """How it is bound: ids, subsystem, override, dynamic."""

    @property
    def ids(self) -> str:
        """vendor:device."""
        return f"{self.vendor}:{self.device}"

    @property
    def long_ids(self) -> str:
        """vendor:device:subvendor:subdevice, as the ids of vfio-pci take it (drivers/vfio/pci/vfio_pci.c)."""
        return f"{self.ids}:{self.subsystem_vendor}:{self.subsystem_device}"

    def same_card(self, other: Chosen) -> bool:
        """Whether the two are of one make, wherever they are."""
        return self.long_ids == other.long_ids


def _hex(value: int | Unread) -> str:
    return "" if isinstance(value, Unread) else f"{value:04x}"


def path_of(device: PciDevice, bus: PciBus) -> str:
    """The addresses of the bridges above a function, and its own."""
    found, above, seen = [device.bdf], device.parent, {device.bdf}
    while above and above not in seen:
        seen.add(above)
        found.append(above)
        bridge = bus.get(above)
        above = bridge.parent if bridge else None
    return "/".join(reversed(found))


def chosen(device: PciDevice, bus: PciBus, method: str = "") -> Chosen:
    """A function as it is stored."""
    ids = (device.vendor, device.device, device.subsystem_vendor, device.subsystem_device)
    vendor, product, subvendor, subdevice = map(_hex, ids)
    return Chosen(device.bdf, vendor, product, subvendor, subdevice, path_of(device, bus), method)


@dataclass(frozen=True, slots=True)
class Moved:
    """A stored function that is not where it was."""

    stored: Chosen
    now: tuple[str, ...]
    """Addresses of functions with all of its ids; none: the card is gone, several: it is not known which."""
    there: str
    """The ids of what stands at the stored address now, or empty."""

    @property
    def sentence(self) -> str:
        """What happened to it."""
        instead = f"; {self.there} stands there now" if self.there else ""
        if not self.now:
            return f"{self.stored.bdf} ({self.stored.long_ids}) is not in this host any more{instead}"
        if len(self.now) == 1:
            return f"{self.stored.bdf} ({self.stored.long_ids}) has moved to {self.now[0]}{instead}"
        where = ", ".join(self.now)
        return (
            f"{self.stored.bdf} ({self.stored.long_ids}) has moved; the same card is at {where}: choose again{instead}"
        )


def moved(selection: tuple[Chosen, ...], bus: PciBus) -> tuple[Moved, ...]:
    """The stored functions whose address holds something else now."""
    present = [chosen(d, bus) for d in bus.devices if not d.is_bridge]
    by_bdf = {c.bdf: c for c in present}
    found = []
    for one in selection:
        here = by_bdf.get(one.bdf)
        if here is None or not one.same_card(here):
            now = tuple(c.bdf for c in present if one.same_card(c))
            found.append(Moved(one, now, here.long_ids if here else ""))
    return tuple(found)


def merged(old: tuple[Chosen, ...], new: tuple[Chosen, ...]) -> tuple[Chosen, ...]:
    """What was chosen before and now; the new word counts for an address of both."""
    found = {c.bdf: c for c in (*old, *new)}
    return tuple(found[bdf] for bdf in sorted(found))


def to_json(selection: tuple[Chosen, ...]) -> str:
    """The selection as a file."""
    document = {
        "selection": FORMAT,
        "devices": [{name: getattr(c, name) for name in Chosen.__match_args__} for c in selection],
    }
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str) -> tuple[Chosen, ...]:
    """The selection of a file; ValueError says what is wrong with it."""
    try:
        source: Any = json.loads(text)
    except RecursionError as error:
        raise ValueError("the selection is nested too deep") from error
    if not isinstance(source, dict) or source.get("selection") != FORMAT or not isinstance(source.get("devices"), list):
        raise ValueError(f"this is no selection of format {FORMAT}")
    names = Chosen.__match_args__
    found = []
    for device in source["devices"]:
        if not isinstance(device, dict) or not all(isinstance(device.get(n), str) for n in names):
            raise ValueError("a device of the selection is incomplete")
        found.append(Chosen(**{n: device[n] for n in names}))
    return tuple(found)

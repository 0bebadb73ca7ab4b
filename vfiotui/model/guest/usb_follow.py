"""Rules by which guests get USB devices as they are plugged in: by port, or by ids."""

from __future__ import annotations

import re

from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.usb import Usb, UsbController, UsbDevice

PATH = "/etc/vfiotui/usb.conf"
"""The file of the rules."""
LINE = re.compile(
    r"(?:port (?P<controller>[\w.:@-]{1,64}) (?P<speed>\d{1,6}) (?P<chain>\d{1,3}(?:\.\d{1,3}){0,6})"
    r"|id (?P<ids>[0-9a-f]{4}:[0-9a-f]{4}))"
    r" (?P<uuid>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}) (?P<guest>[^/\x00-\x1f\x7f]{1,255})"
)


@dataclass(frozen=True, slots=True)
class Follow:
    """One rule: what is meant, and the guest that gets it."""

    guest: str
    uuid: str
    """libvirt's, so that the rule follows a guest that was renamed."""
    ids: str = ""
    """vendor:product; empty for a port."""
    controller: str = ""
    """Of a port: the controller's PCI address, which a boot keeps where it may number the buses anew."""
    speed: int = 0
    """Of a port: the root hub's Mbit/s, which tells the controller's buses apart."""
    chain: str = ""
    """Of a port: the ports from the root hub on, such as "2.3"."""

    @property
    def line(self) -> str:
        """Its line in the file.

        >>> Follow("win", "0" * 8, ids="046d:c52b").line
        'id 046d:c52b 00000000 win'
        """
        what = f"id {self.ids}" if self.ids else f"port {self.controller} {self.speed} {self.chain}"
        return f"{what} {self.uuid} {self.guest}"

    def means(self, device: UsbDevice, controller: UsbController) -> bool:
        """Whether a device is meant: what sits in the port or behind a hub in it; a hub itself never is."""
        if device.is_hub:
            return False
        if self.ids:
            return device.ids == self.ids
        return self.is_at(controller, device.bus) and f"{device.chain}.".startswith(f"{self.chain}.")

    def is_at(self, controller: UsbController, bus: int) -> bool:
        """Whether its port is on a bus."""
        return controller.bdf == self.controller and root_speed(controller, bus) == self.speed

    def words(self, usb: Usb | None) -> str:
        """What is followed, for a person: the port by the name that it has in this boot where it is known."""
        if self.ids:
            return f"every {self.ids}"
        for controller in () if usb is None else usb.controllers:
            for bus in controller.buses:
                if self.is_at(controller, bus):
                    return f"port {bus}-{self.chain}"
        return f"port {self.chain} of {self.controller} ({self.speed} Mbit/s)"


def root_speed(controller: UsbController, bus: int) -> int:
    """The Mbit/s of a bus's root hub as a whole number; 0 where it is not known (1.5 counts as 1)."""
    hub = controller.root(bus)
    text = hub.speed if hub is not None and isinstance(hub.speed, str) else ""
    whole = text.partition(".")[0]
    return int(whole) if whole.isascii() and whole.isdecimal() and len(whole) < 7 else 0


def follows_of(text: str) -> tuple[tuple[Follow, ...], tuple[str, ...]]:
    """The rules of the file, and its lines that are none."""
    found: list[Follow] = []
    strange: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            strange.append(line)
        else:
            said = {k: v or "" for k, v in match.groupdict().items()}
            found.append(Follow(**{**said, "speed": int(said["speed"] or 0)}))  # type: ignore[arg-type]
    return tuple(dict.fromkeys(found)), tuple(strange)

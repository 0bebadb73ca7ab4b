"""USB devices as people name them in goals: by port, by ids, or by bus and number; and what speaks against one."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain_devices import IDS
from vfiotui.model.pci.usb import DEVICE_PATH, Usb, UsbDevice
from vfiotui.model.pci.usb_use import usb_use
from vfiotui.plan.draft import Draft, PlanError

NUMBER = re.compile(r"0{0,2}(\d{1,3}):0{0,2}(\d{1,3})")
"""As lsusb prints it: bus and device."""


def usb_of(draft: Draft) -> Usb:
    """The host's USB; PlanError where it is not known."""
    if isinstance(draft.facts.usb, Unread):
        raise PlanError(f"the USB devices of this host are not known: {draft.facts.usb}")
    return draft.facts.usb


def kind_of(word: str) -> str:
    """port, ids or number; PlanError for what is none.

    >>> kind_of("1-2.3"), kind_of("046D:C52B"), kind_of("001:005")
    ('port', 'ids', 'number')
    """
    if DEVICE_PATH.fullmatch(word):
        return "port"
    if IDS.fullmatch(word.lower()):
        return "ids"
    if NUMBER.fullmatch(word):
        return "number"
    raise PlanError(
        f"{word!r} names no USB device: a port such as 1-2.3 does, ids such as 046d:c52b, or bus and device such as "
        "1:5; 'vfiotui usb list' shows them"
    )


def found(draft: Draft, word: str) -> tuple[UsbDevice, ...]:
    """The plugged devices that a word means; a hub is none."""
    kind, devices = kind_of(word), usb_of(draft).devices
    if kind == "port":
        return tuple(d for d in devices if d.path == word)
    if kind == "ids":
        return tuple(d for d in devices if d.ids == word.lower())
    match = NUMBER.fullmatch(word)
    assert match is not None
    return tuple(d for d in devices if (d.bus, d.number) == (int(match[1]), int(match[2])))


def one(draft: Draft, word: str) -> UsbDevice:
    """The device that a word means; PlanError where none is plugged in, several are, or it is a hub."""
    devices = found(draft, word)
    if not devices:
        raise PlanError(f"no USB device {word} is plugged in: 'vfiotui usb list' shows what is")
    if len(devices) > 1:
        raise PlanError(
            f"{len(devices)} devices have the ids {word}: name the port of one, {' or '.join(d.path for d in devices)}"
        )
    if devices[0].is_hub:
        raise PlanError(f"{word} is a hub, which no guest can have: name what is plugged into it")
    return devices[0]


def must_be_free(draft: Draft, device: UsbDevice, guest: str) -> None:
    """PlanError where the host cannot do without a device, or another guest has it."""
    use = usb_use(device, draft.facts.host_use, draft.facts.virt)
    if use.needs:
        what = use.needs[0]
        first = "unmount it" if device.path and " on sd" in what else "give the host another one"
        raise PlanError(f"the host needs {device.label or device.path} ({device.path}): {what}; {first} first")
    other = next((g for g in use.guests if g != guest), "")
    if other:
        raise PlanError(f"{device.path} belongs to {other}: 'vfiotui usb detach {other} {device.path}' first")
    if use.has:
        draft.note(f"the host loses {', '.join(use.has)} ({device.path})")

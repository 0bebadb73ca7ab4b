"""The keys by which a person sets something of a guest: each is one goal."""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.formats.domain_xml.words import kib, scaled
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.plan import Goal
from vfiotui.plan.draft import PlanError

SIZE = re.compile(r"(\d{1,12})\s*(|[kKmMgGtT](?:i?[bB])?)")


def kib_of(text: str) -> int:
    """A size as people write it, in KiB; GiB where no unit is given. PlanError for what is none.

    >>> kib_of("8"), kib_of("512M"), kib_of("8GiB")
    (8388608, 524288, 8388608)
    """
    match = SIZE.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise PlanError(f"{text!r} is no size, such as 8G or 8192M")
    unit = (match[2] or "G")[0].upper()
    return kib(scaled(match[1], f"{unit}iB"))


@dataclass(frozen=True, slots=True)
class Setting:
    """One key."""

    value: str
    """The word for the help."""
    help: str
    goal: str
    """Its name."""
    spelled: Callable[[str], str] = str
    """What the goal gets for the value; PlanError for a value that means nothing."""


def _huge(value: str) -> str:
    return "0" if value == "default" else str(kib_of(value))


def _one_of(*words: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in words:
            raise PlanError(f"{value!r} is none of {', '.join(words)}")
        return value

    return check


def _firmware(value: str) -> str:
    return "" if value == "secure" else _one_of("efi")(value)


SETTINGS = {
    "memory": Setting("SIZE", "its memory, such as 8G or 8192M", "guest.memory"),
    "vcpus": Setting("COUNT", "its vCPUs; cores of its topology follow", "guest.vcpus"),
    "title": Setting("TEXT", "its title; empty for none", "guest.title"),
    "description": Setting("TEXT", "its description; empty for none", "guest.description"),
    "boot": Setting("DEVICE,…", "what it starts from: disks (vda), network, PCI addresses", "guest.boot"),
    "autostart": Setting("on|off", "whether it starts together with libvirt", "guest.autostart"),
    "ports": Setting("COUNT", "free PCIe ports, to attach devices while it runs", "guest.ports"),
    "screen": Setting("card", "the passed card is the screen: no emulated one, no SPICE", "guest.screen"),
    "firmware": Setting("efi|secure", "EFI, or EFI with secure boot", "domain.firmware", _firmware),
    "machine": Setting("q35", "PCI Express", "domain.machine"),
    "cpu": Setting("MODE", "host-passthrough, host-model or maximum", "domain.cpu.mode"),
    "topology": Setting("S,D,C,T", "sockets, dies, cores, threads", "domain.cpu.topology"),
    "hugepages": Setting("SIZE|default", "memory from huge pages of this size", "domain.memory.huge", _huge),
    "locked": Setting("on|off", "whether its memory is locked", "domain.memory.locked"),
    "node": Setting("NODES", "memory from these NUMA nodes", "domain.memory.node"),
    "hyperv": Setting("NAME,…", "enlightenments for Windows, with what they need", "domain.hyperv.on"),
    "vendor-id": Setting("ID", "the hypervisor's vendor id; empty for none", "domain.hyperv.vendor-id"),
    "hidden": Setting("on|off", "whether KVM hides its signature", "domain.kvm.hidden"),
    "tpm": Setting("2.0", "an emulated TPM", "domain.tpm"),
    "balloon": Setting("none", "no memory balloon", "domain.balloon"),
    "video": Setting("none", "no emulated card", "domain.video"),
    "graphics": Setting("spice|vnc", "a display beside the card", "domain.graphics"),
    "audio": Setting("KIND[=FOLDER]", "sound to a user's server: pipewire, pulseaudio", "domain.audio"),
}
"""Keys of `guest set`; each value is the argument of the goal, behind GUEST/."""


def setting_goal(guest: str, pair: str) -> Goal:
    """The goal that KEY=VALUE is for a guest; PlanError where the key or the value means nothing."""
    key, equals, value = pair.partition("=")
    if not equals:
        raise PlanError(f"{pair!r} is no KEY=VALUE, such as memory=8G")
    found = SETTINGS.get(key)
    if found is None:
        raise PlanError(f"there is no key {key!r}; there are {', '.join(SETTINGS)}")
    name = "domain.firmware.secure" if (key, value) == ("firmware", "secure") else found.goal
    return name, f"{guest}/{found.spelled(value)}"

"""What a person sets of a guest by a key and a value: each key is one goal, of this module or of another."""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.formats.domain_xml.words import kib, number, scaled
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.plan import Goal
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, whole
from vfiotui.plan.guest.devices import BDF, device_at
from vfiotui.plan.guest.disks import disk_of
from vfiotui.plan.guest.memory import set_memory
from vfiotui.plan.guest.pci_places import add_ports

SIZE = re.compile(r"(\d{1,12})\s*(|[kKmMgGtT](?:i?[bB])?)")
MOST_VCPUS, MOST_PORTS, MOST_TEXT = 4096, 32, 2000
LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")


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


def _memory(work: Definition, value: str) -> None:
    size = kib_of(value)
    pages = [p.size_kib for p in work.domain.huge_pages if p.size_kib]
    if any(size % page for page in pages):
        raise PlanError(f"{value} is no multiple of the huge pages of {work.name}, {max(pages)} KiB each")
    set_memory(work, str(size))
    if work.domain.huge_pages and size > work.domain.memory_kib:
        work.note("its huge pages are reserved by what reserved them: 'vfiotui memory' shows whether they suffice")


def _vcpus(work: Definition, value: str) -> None:
    count = whole(value, "number of vCPUs", MOST_VCPUS)
    domain, xml = work.domain, work.xml
    if not count:
        raise PlanError("a guest needs a vCPU")
    if domain.cells or domain.enabled_vcpus is not None:
        raise PlanError(f"{work.name} lists its vCPUs by NUMA cell or one by one: change those by hand")
    if xml.scheduled_vcpus and max(xml.scheduled_vcpus) >= count:
        raise PlanError(f"a scheduling class of {work.name} names vCPU {max(xml.scheduled_vcpus)}: take it away first")
    if count == domain.vcpus and xml.current_vcpus in (None, count):
        return
    xml.vcpus, xml.current_vcpus = count, None
    if domain.topology is not None:
        others = (domain.topology[0] or 1) * (domain.topology[1] or 1) * (domain.topology[3] or 1)
        others *= xml.clusters or 1
        if count % others:
            raise PlanError(f"{count} vCPUs do not fill cores of {work.name}: a multiple of {others} does")
        xml.cores = count // others
    xml.vcpu_pins = {v: cpus for v, cpus in xml.vcpu_pins.items() if v < count}
    if domain.vcpu_pins and count > domain.vcpus:
        work.note(f"vCPUs from {domain.vcpus} on have no pin: 'vfiotui pin propose {work.name}' finds their CPUs")


def _title(work: Definition, value: str) -> None:
    if not LINE.fullmatch(value) or len(value) > MOST_TEXT:
        raise PlanError("a title is one line without control characters")
    work.xml.set_text("title", value.strip() or None)


def _description(work: Definition, value: str) -> None:
    if not LINE.fullmatch(value.replace("\n", " ").replace("\t", " ")) or len(value) > MOST_TEXT:
        raise PlanError(f"a description is text of at most {MOST_TEXT} characters")
    work.xml.set_text("description", value.strip() or None)


def _named(work: Definition, word: str) -> Element:
    """The device that a word of the boot order means: a disk's target, a PCI address, or network."""
    if word == "network":
        card = next(iter(work.xml.devices("interface")), None)
        if card is None:
            raise PlanError(f"{work.name} has no network card to boot from")
        return card
    full = word if word.count(":") == 2 else f"0000:{word}"
    return device_at(work, full) if BDF.fullmatch(full) else disk_of(work, word)


def _boot(work: Definition, value: str) -> None:
    """The devices that the firmware tries, in their order; no others."""
    words = [w.strip() for w in value.split(",")]
    if len(set(words)) != len(words):
        raise PlanError(f"{value!r} names a device twice")
    wanted = [_named(work, word) for word in words]
    now = {e: number(b.get("order")) for e in work.xml.root.all("devices/*") if (b := e.find("boot")) is not None}
    if [now.get(e) for e in wanted] == list(range(1, len(wanted) + 1)) and len(now) == len(wanted):
        return
    xml = work.xml
    # What <os> says of it stands against the order of devices (formatdomain, per-device boot elements).
    for path in ("os/boot", "devices/*/boot"):
        while found := xml.root.all(path):
            xml.remove_all(found[-1:], prune=False)
    q = xml.document.quote
    for place, word in enumerate(words, 1):
        # Where none of the children before it are there, it stands at the end: libvirt takes them in any order.
        xml.add_to(_named(work, word), f"<boot order={q}{place}{q}/>")


def _ports(work: Definition, value: str) -> None:
    add_ports(work, whole(value, "number of ports", MOST_PORTS))


PLANNERS = (
    definition_goal("guest.memory", "SIZE", "how much memory it has", "{2} of memory", _memory),
    definition_goal("guest.vcpus", "COUNT", "how many vCPUs it has", "{2} vCPUs", _vcpus),
    definition_goal("guest.title", "TEXT", "its title, or none", "the title", _title),
    definition_goal("guest.description", "TEXT", "its description, or none", "the description", _description),
    definition_goal("guest.boot", "DEVICE,…", "what it starts from, in order", "starts from {2}", _boot),
    definition_goal("guest.ports", "COUNT", "free PCIe ports, to attach devices while it runs", "{2} ports", _ports),
)


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

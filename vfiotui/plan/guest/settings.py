"""Goals about what a person sets of a guest: memory, vCPUs, title, boot order, free ports."""

from __future__ import annotations

import re

from vfiotui.formats.domain_xml.words import number
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, whole
from vfiotui.plan.guest.devices import BDF, device_at
from vfiotui.plan.guest.disks import disk_of
from vfiotui.plan.guest.memory import set_memory
from vfiotui.plan.guest.pci_places import add_ports
from vfiotui.plan.guest.setting_keys import kib_of

MOST_VCPUS, MOST_PORTS, MOST_TEXT = 4096, 32, 2000
LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")


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
    definition_goal("guest.memory", "SIZE", "set the guest's memory", "{2} of memory", _memory),
    definition_goal(
        "guest.vcpus", "COUNT", "set the number of vCPUs, with the cores of its topology", "{2} vCPUs", _vcpus
    ),
    definition_goal("guest.title", "TEXT", "set the guest's title", "the title", _title),
    definition_goal("guest.description", "TEXT", "set the guest's description", "the description", _description),
    definition_goal(
        "guest.boot", "DEVICE,…", "set which devices the guest starts from, in order", "starts from {2}", _boot
    ),
    definition_goal(
        "guest.ports", "COUNT", "add PCIe ports until so many are free for devices to be attached", "{2} ports", _ports
    ),
)

"""Goals about the host's PCI devices in a guest: which, where they sit, who binds them, what ROM they show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vfiotui.formats.domain_xml.elements.address import Address, DiskAddress, HostAddress, InterfaceAddress
from vfiotui.formats.domain_xml.elements.hostdev import Hostdev
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, pair, switch

if TYPE_CHECKING:
    from vfiotui.formats.domain_xml.elements.address import PassedAddress

BDF = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")
SLOT = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]")
BY: Mapping[str, type[PassedAddress]] = {"hostdev": HostAddress, "interface": InterfaceAddress, "disk": DiskAddress}
"""Elements that pass a device, with its address in them."""


def passed(work: Definition) -> Iterator[tuple[str, Element]]:
    """The PCI devices that elements of the present text pass, by their addresses on the host."""
    for kind, address in BY.items():
        for device in work.xml.devices(kind):
            for source in device.all("source"):
                for element in source.all("address"):
                    found = address(element)
                    pci = found.pci
                    if pci is not None and ((kind == "hostdev" and device.get("type") == "pci") or found.type == "pci"):
                        yield pci, device


def device_at(work: Definition, bdf: str) -> Element:
    """The element that passes a device; PlanError where none does."""
    if not BDF.fullmatch(bdf):
        raise PlanError(f"{bdf!r} is no PCI address, such as 0000:0b:00.0")
    found = next((element for pci, element in passed(work) if pci == bdf), None)
    if found is None:
        raise PlanError(f"no element of {work.name} passes {bdf}; what qemu:commandline passes is changed by hand")
    return found


def _order(element: Element) -> tuple[str, ...]:
    return Hostdev.order if element.tag == "hostdev" else ()


def drop(work: Definition, value: str) -> None:
    """The device at an address is passed no more."""
    work.xml.remove(device_at(work, value))
    # An NVMe drive is passed once for each of its namespaces.
    while any(pci == value for pci, _ in passed(work)):
        work.xml.remove(device_at(work, value))


def _managed(work: Definition, value: str) -> None:
    bdf, equals, word = value.partition("=")
    wanted = "yes" if not equals or switch(word) else "no"
    device_at(work, bdf)
    for number in range(sum(pci == bdf for pci, _ in passed(work))):
        element = [found for pci, found in passed(work) if pci == bdf][number]
        # An NVMe drive says it in its <source>.
        holder = element.find("source") if element.tag == "disk" else element
        assert holder is not None
        work.xml.set_on(holder, "managed", wanted)


def _place(work: Definition, value: str) -> None:
    address = device_at(work, value).find("address")
    if address is not None:
        work.xml.remove(address)


def _with_rom(work: Definition, bdf: str) -> Element:
    element = device_at(work, bdf)
    if element.tag == "disk":
        raise PlanError(f"{bdf} is a disk to the guest, which sees no ROM of it")
    return element


def set_rom(work: Definition, value: str) -> None:
    """ADDRESS=FILE: the guest sees this ROM in place of the device's own; without a file the device's own."""
    bdf, path = pair(value, "ADDRESS=FILE, or ADDRESS= for the device's own ROM")
    if path and not (path.startswith("/") and path.isprintable()):
        raise PlanError(f"{path!r} is no absolute path of a ROM file")
    element = _with_rom(work, bdf)
    work.xml.set_below(element, "rom", "file", path or None, _order(element))


def _rom_bar(work: Definition, value: str) -> None:
    bdf, word = pair(value, "ADDRESS=on or ADDRESS=off")
    element = _with_rom(work, bdf)
    work.xml.set_below(element, "rom", "bar", "on" if switch(word) else "off", _order(element))


def _iommufd(work: Definition, value: str) -> None:
    bdf, word = pair(value, "ADDRESS=yes or ADDRESS=no")
    element = device_at(work, bdf)
    if element.tag != "hostdev":
        raise PlanError(f"{bdf} is passed by <{element.tag}>, which has no word for iommufd")
    work.xml.set_below(element, "driver", "iommufd", "yes" if switch(word) else "no", Hostdev.order)


def place_of(element: Element) -> tuple[str, str, str, str] | None:
    """Segment, bus, slot and function of a device in the guest, as they are compared."""
    address = element.find("address")
    pci = None if address is None else Address(address).pci
    if pci is None:
        return None
    domain, bus, rest = pci.split(":")
    slot, function = rest.split(".")
    return domain, bus, slot, function


def _slot(work: Definition, value: str) -> None:
    """The functions of a card of the host lie on one slot of the guest, with the numbers that they have on the host."""
    if not SLOT.fullmatch(value):
        raise PlanError(f"{value!r} is no slot of the host, such as 0000:0b:00")
    mine = sorted(pci for pci, _ in passed(work) if pci.startswith(f"{value}."))
    placed = [pci for pci in mine if place_of(device_at(work, pci)) is not None]
    if not placed:
        raise PlanError(f"no function of {value} has a place in {work.name}")
    base = place_of(device_at(work, placed[0]))
    assert base is not None
    inside = {pci: "0" if pci == mine[0] else pci[-1] for pci in mine}
    own = {device_at(work, pci).start for pci in mine}
    others = [d for d in all_devices(work) if d.start not in own and (w := place_of(d)) and w[:3] == base[:3]]
    if others:
        raise PlanError(f"another device of {work.name} sits on the slot {':'.join(base[:3])}: take that away first")
    for pci in mine:
        put(work, pci, base[:3], inside[pci], first=pci == mine[0] and len(mine) > 1)


def all_devices(work: Definition) -> list[Element]:
    """The devices of the present text that have a place on a PCI bus of the guest."""
    return [d for d in work.xml.root.all("devices/*") if (a := d.find("address")) and a.get("type") == "pci"]


def put(work: Definition, pci: str, place: tuple[str, str, str], function: str, *, first: bool) -> None:
    """A passed function gets a place in the guest: segment, bus, slot and function; `first` says that more follow."""
    element = device_at(work, pci)
    q, (domain, bus, slot) = work.xml.document.quote, place
    more = f" multifunction={q}on{q}" if first else ""
    words = (
        f"<address type={q}pci{q} domain={q}0x{domain}{q} bus={q}0x{bus}{q} slot={q}0x{slot}{q} "
        f"function={q}0x{function}{q}{more}/>"
    )
    wanted = (*place, function)
    old = element.find("address")
    if old is not None:
        if place_of(element) == wanted and (old.get("multifunction") == "on") == first:
            return
        work.xml.remove(old)
    work.xml.add_to(device_at(work, pci), words, _order(element))


def _add(work: Definition, value: str) -> None:
    """Functions are added beside one of their card that is there, with its word for managed, and on its slot."""
    bus = work.facts.pci
    for bdf in dict.fromkeys(w.strip() for w in value.split(",")):
        if not BDF.fullmatch(bdf):
            raise PlanError(f"{bdf!r} is no PCI address, such as 0000:0b:00.0")
        there = dict(passed(work))
        if bdf in there:
            continue
        device = None if isinstance(bus, Unread) else bus.get(bdf)
        if device is None:
            raise PlanError(f"this host shows no PCI device {bdf}")
        if device.is_bridge:
            raise PlanError(f"{bdf} is a bridge, which cannot be passed through")
        beside = next((e for pci, e in sorted(there.items()) if pci[:-2] == bdf[:-2] and e.tag == "hostdev"), None)
        insert(work, bdf, beside, True if beside is None else beside.get("managed", "no") == "yes")


def insert(work: Definition, bdf: str, beside: Element | None, managed: bool) -> None:
    """A <hostdev> for a function, behind one of its card and on the slot of that, else behind the last one."""
    xml, q = work.xml, work.xml.document.quote
    domain, bus, rest = bdf.split(":")
    slot, function = rest.split(".")
    written = (
        f"<hostdev mode={q}subsystem{q} type={q}pci{q} managed={q}{'yes' if managed else 'no'}{q}>\n  <source>\n"
        f"    <address domain={q}0x{domain}{q} bus={q}0x{bus}{q} slot={q}0x{slot}{q} function={q}0x{function}{q}/>\n"
        "  </source>\n</hostdev>"
    )
    parent = xml.made("devices")
    behind = beside or next(iter(reversed(xml.devices("hostdev"))), None)
    place = None if beside is None else place_of(beside)
    xml.document.edit([xml.document.insert_edit(parent, [written], (), behind)])
    if work.running:
        # QEMU plugs functions one by one, each into a port of its own.
        return
    if place is not None and place[3] == "0" and function != "0":
        _join(work, bdf, place[:3], function)


def _join(work: Definition, bdf: str, place: tuple[str, str, str], function: str) -> None:
    """The function lies on the slot of its card where nothing else does."""
    taken = {w[3] for d in all_devices(work) if (w := place_of(d)) and w[:3] == place}
    if function in taken:
        return
    first = next(e for pci, e in passed(work) if pci[:-2] == bdf[:-2] and place_of(e) == (*place, "0"))
    address = first.find("address")
    assert address is not None
    work.xml.set_on(address, "multifunction", "on")
    put(work, bdf, place, function, first=False)


PLANNERS = (
    definition_goal(
        "domain.hostdev.add", "BDF,…", "pass further functions of a card through to the guest", "passes {2} too", _add
    ),
    definition_goal("domain.hostdev.drop", "BDF", "pass a device of the host through no longer", "no {2}", drop),
    definition_goal(
        "domain.hostdev.managed",
        "BDF[=no]",
        "let libvirt bind the device at start and give it back at the end (managed), or not",
        "libvirt binds {2}",
        _managed,
    ),
    definition_goal(
        "domain.hostdev.place",
        "BDF",
        "let libvirt choose the device's address in the guest",
        "libvirt finds a place for {2}",
        _place,
    ),
    definition_goal(
        "domain.hostdev.slot",
        "SLOT",
        "put all functions of a card on one slot of the guest, as on the host",
        "{2} on one slot",
        _slot,
    ),
    definition_goal(
        "domain.hostdev.rom",
        "BDF=[FILE]",
        "load the device's option ROM from a file; without FILE, from the card again",
        "ROM of {2}",
        set_rom,
    ),
    definition_goal(
        "domain.hostdev.rom-bar",
        "BDF=on|off",
        "show or hide the device's option ROM in the guest",
        "ROM of {2}",
        _rom_bar,
    ),
    definition_goal(
        "domain.hostdev.iommufd",
        "BDF=yes|no",
        "open the device by iommufd (yes) or by its VFIO group (no)",
        "iommufd of {2}",
        _iommufd,
    ),
)

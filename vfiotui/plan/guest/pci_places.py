"""Where passed devices sit in a guest: the place that they had before, one slot for a card, free ports."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.words import number
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.guest.definition import Definition
from vfiotui.plan.guest.devices import all_devices, device_at, passed, place_of, put
from vfiotui.plan.guest.running import running_domain

KEPT = ("driver", "boot", "rom", "address")
"""Children of a <hostdev> that a device gets back."""
REMEMBERED = 50
"""Changes of the journal in which a former place is looked for."""
Q35_FIRST, PC_FIRST, LAST = 1, 0x10, 0x1F
"""Numbers of buses of PCIe ports, and of slots on the one bus of a PC, from which free ones are taken."""


def is_pcie(work: Definition) -> bool:
    """Whether the guest's machine has PCI Express, on which each device sits behind a port of its own."""
    machine = work.domain.machine
    return "q35" in machine or machine.startswith("virt")


def _ports(work: Definition) -> list[int]:
    """Indexes of the PCIe ports, which are the numbers of the buses behind them."""
    ports = (c for c in work.xml.devices("controller") if c.get("model") == "pcie-root-port")
    return [n for c in ports if (n := number(c.get("index"))) is not None]


def _used_buses(work: Definition) -> set[int]:
    return {int(place[1], 16) for d in all_devices(work) if (place := place_of(d)) is not None}


def free_ports(work: Definition) -> int:
    """How many devices can be plugged in; a PC of before PCI Express has room enough."""
    if not is_pcie(work):
        return LAST
    used = _used_buses(work)
    return sum(port not in used for port in _ports(work))


def add_ports(work: Definition, count: int) -> None:
    """Adds PCIe ports until so many are free, when devices without a place have theirs."""
    pending = sum(place_of(e) is None for _, e in passed(work) if e.tag != "disk")
    pending += sum(place_of(e) is None for e in work.xml.devices("interface") if e.get("type") != "hostdev")
    virtio = (d for d in work.xml.devices("disk") if (t := d.find("target")) is not None and t.get("bus") == "virtio")
    pending += sum(place_of(d) is None for d in virtio)
    for _ in range(count + pending - free_ports(work)):
        _new_port(work)


def _new_port(work: Definition) -> int:
    """Adds a PCIe port; the number of its bus."""
    indexes = [n for c in work.xml.devices("controller") if c.get("type") == "pci" and (n := number(c.get("index")))]
    index = max((*indexes, *_used_buses(work), Q35_FIRST - 1)) + 1
    q = work.xml.document.quote
    last = next(iter(reversed(work.xml.devices("controller"))), None)
    written = f"<controller type={q}pci{q} index={q}{index}{q} model={q}pcie-root-port{q}/>"
    parent = work.xml.made("devices")
    work.xml.document.edit([work.xml.document.insert_edit(parent, [written], (), last)])
    return index


def on_one_slot(work: Definition, slot: str) -> None:
    """The functions of a card that have no place yet get one slot together; a lone one is left to libvirt."""
    mine = sorted(bdf for bdf, e in passed(work) if bdf.startswith(f"{slot}.") and e.tag == "hostdev")
    if work.running or len(mine) < 2 or any(place_of(device_at(work, bdf)) is not None for bdf in mine):
        return
    place = _free_slot(work)
    if place is None:
        return
    for bdf in mine:
        put(work, bdf, place, "0" if bdf == mine[0] else bdf[-1], first=bdf == mine[0])


def _free_slot(work: Definition) -> tuple[str, str, str] | None:
    """Segment, bus and slot of a free place; None where the machine has neither PCI Express nor a free slot."""
    if is_pcie(work):
        used = _used_buses(work)
        bus = next((p for p in sorted(_ports(work)) if p not in used), None) or _new_port(work)
        return ("0000", f"{bus:02x}", "00")
    taken = {int(p[2], 16) for d in all_devices(work) if (p := place_of(d)) is not None and int(p[1], 16) == 0}
    free = next((n for n in range(PC_FIRST, LAST + 1) if n not in taken), None)
    return None if free is None or "i440fx" not in work.domain.machine else ("0000", "00", f"{free:02x}")


def keep_place(work: Definition, bdf: str) -> None:
    """A device that the guest had before gets its old place and ROM, where nothing else sits there now."""
    for xml in _before(work):
        try:
            old = DomainXml(xml)
            element = next((e for b, e in passed(replace(work, xml=old)) if b == bdf and e.tag == "hostdev"), None)
        except ValueError:
            continue
        if element is None:
            continue
        place = place_of(element)
        taken = {place_of(d) for d in all_devices(work)}
        fits = place is not None and place not in taken and (not is_pcie(work) or int(place[1], 16) in _ports(work))
        for child in element.children:
            if child.tag in KEPT and (fits or child.tag != "address") and device_at(work, bdf).find(child.tag) is None:
                new, written = device_at(work, bdf), xml.encode("utf-8")[child.start : child.end].decode("utf-8")
                order = ("driver", "source", "alias", "boot", "rom", "address")
                work.xml.document.edit([work.xml.document.insert_edit(new, [written], order)])
        return


def _before(work: Definition) -> Iterator[str]:
    """Definitions in which the device may stand: the other side of a running guest, then those of the journal."""
    running: Domain | None = running_domain(work.draft.facts, work.name)
    if work.running:
        stored = work.draft.snapshot.guests.get(work.name)
        if stored is not None and not isinstance(stored, Unread) and stored.definition is not None:
            yield from _text(stored.definition)
    elif running is not None:
        yield running.xml
    records = or_else(work.draft.facts.changes, ())[-REMEMBERED:]
    for record in reversed(records):
        for step in () if isinstance(record.plan, Unread) else record.plan.steps:
            mine = step.subject == work.name if step.kind == "domain" else step.subject.endswith(f"/{work.name}.xml")
            if mine and step.kind in ("domain", "file") and step.before:
                yield from _text(step.before)


def _text(content: bytes) -> Iterator[str]:
    try:
        yield decode(content)[0]
    except ValueError:
        return

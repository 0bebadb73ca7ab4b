"""Goals about a guest's iothreads and the scheduling classes of its threads."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part
from vfiotui.formats.domain_xml.elements.vcpu import iothread_ids
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, whole

MOST = 1024
CLASSES = ("vcpusched", "iothreadsched", "emulatorsched")
REALTIME = ("fifo", "rr")


def _ids(work: Definition) -> tuple[int, ...]:
    return iothread_ids(Part(work.xml.root))


def _list(work: Definition, ids: tuple[int, ...]) -> None:
    """The guest has these iothreads; they are listed where they are not simply 1 to N."""
    xml = work.xml
    listed = xml.root.all("iothreadids/iothread")
    gone = [e for e in listed if e.get("id") not in {str(i) for i in ids}]
    if gone:
        xml.remove_all(gone, prune=len(gone) == len(listed))
    xml.iothread_count = len(ids) or None
    there = {e.get("id") for e in xml.root.all("iothreadids/iothread")}
    if not there and ids == tuple(range(1, len(ids) + 1)):
        return
    q = xml.document.quote
    for number in ids:
        if str(number) not in there:
            xml.add("iothreadids", f"<iothread id={q}{number}{q}/>")


def _add(work: Definition, value: str) -> None:
    number = whole(value, "number of an iothread", MOST)
    if not number:
        raise PlanError("iothreads are counted from 1")
    add_iothread(work, number)


def add_iothread(work: Definition, number: int) -> None:
    """The guest has an iothread of this number."""
    if number not in _ids(work):
        _list(work, tuple(sorted((*_ids(work), number))))


def _drop(work: Definition, value: str) -> None:
    number = whole(value, "number of an iothread", MOST)
    if number in work.domain.devices.used_iothreads:
        raise PlanError(f"a disk or a controller of {work.name} uses iothread {number}")
    if number in _ids(work):
        _list(work, tuple(i for i in _ids(work) if i != number))
    _drop_pins(work, number)


def _drop_pin(work: Definition, value: str) -> None:
    _drop_pins(work, whole(value, "number of an iothread", MOST))


def _drop_pins(work: Definition, number: int) -> None:
    xml = work.xml
    if number in xml.iothread_pins:
        xml.iothread_pins = {i: cpus for i, cpus in xml.iothread_pins.items() if i != number}


def _attach(work: Definition, value: str) -> None:
    number = whole(value, "number of an iothread", MOST)
    if number not in _ids(work):
        raise PlanError(f"{work.name} has no iothread {number}: domain.iothread.add={work.name}/{number} first")
    if number in work.domain.devices.used_iothreads:
        return
    free = [device for device in work.xml.thread_users if not _served(device)]
    if not free:
        raise PlanError(f"no virtio disk and no virtio-scsi controller of {work.name} is without an iothread")
    work.xml.set_driver(free[0], "iothread", str(number))


def _served(device: Element) -> bool:
    driver = device.find("driver")
    return driver is not None and ("iothread" in driver.attributes or driver.find("iothreads") is not None)


def _unscheduled(work: Definition, value: str) -> None:
    if value != "none":
        raise PlanError(f"{value!r}: only none can be planned; other classes belong to 'vfiotui pin'")
    for name in CLASSES:
        found = [e for e in work.xml.root.all(f"cputune/{name}") if e.get("scheduler") in REALTIME]
        if found:
            work.xml.remove_all(found)


PLANNERS = (
    definition_goal("domain.iothread.add", "ID", "add an iothread with this number", "iothread {2}", _add),
    definition_goal("domain.iothread.drop", "ID", "remove an iothread that no disk uses", "no iothread {2}", _drop),
    definition_goal(
        "domain.iothread.attach", "ID", "let the guest's disk use an iothread", "a disk on iothread {2}", _attach
    ),
    definition_goal(
        "domain.iothreadpin.drop", "ID", "remove the pins of an iothread", "no pins of iothread {2}", _drop_pin
    ),
    definition_goal(
        "domain.vcpu.sched",
        "none",
        "remove the realtime scheduling of the guest's threads",
        "realtime classes: {2}",
        _unscheduled,
    ),
)

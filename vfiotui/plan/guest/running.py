"""Devices of a guest that runs: the edits of a definition, done to what it runs with, become attachments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.xml_text import Element, XmlText
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.change import plug_device
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.definition import Definition, Edit, facts_for

FIRST = "controller"
"""What other devices are plugged into comes before them."""


def running_goal(
    name: str,
    value: str,
    promise: str,
    title: str,
    edit: Edit,
    files: tuple[str, ...] = (),
    disks: Callable[[str], tuple[str, ...]] = lambda argument: (),
) -> Planner:
    """A goal about the devices that a guest runs with; like `definition_goal`, and the definition stays."""

    def draw(draft: Draft, given: str) -> None:
        guest, _, wanted = given.partition("/")
        change_running(draft, guest, title.format(given, guest, wanted).strip(), lambda d: edit(d, wanted))

    return Planner(name, f"GUEST/{value}", promise, "{1}, running: " + title, draw, lambda _: files, disks)


def running_domain(facts: Facts, name: str) -> Domain | None:
    """A guest as it runs, by the facts; None where it does not, or is not known."""
    virt = facts.virt
    domains = () if isinstance(virt, Unread) else or_else(virt.domains, ())
    return next((d for d in domains if d.name == name and d.running), None)


def change_running(draft: Draft, name: str, why: str, edit: Callable[[Definition], None]) -> None:
    """Attaches and detaches the devices that an edit adds and removes; PlanError where it changes anything else."""
    stored = draft.snapshot.guests.get(name, Unread("it was not read"))
    if isinstance(stored, Unread):
        raise PlanError(f"the devices of {name} cannot be changed: {stored.reason}")
    domain = running_domain(draft.facts, name)
    if stored.running is None or domain is None:
        raise PlanError(f"{name} does not run: nothing is attached to it now; its definition can be changed (--config)")
    before = draft.running.get(name, domain.xml)
    facts = facts_for(draft.facts, stored)
    try:
        definition = Definition(draft, facts, name, DomainXml(before), parse(before, source=domain.source), True)
        edit(definition)
        after = definition.xml.xml
        gone, new = _devices(before), _devices(after)
    except ValueError as error:
        raise PlanError(f"the devices of {name} cannot be changed: {error}") from error
    for text in (gone - new).elements():
        draft.add(plug_device(name, text.encode(), None, f"{name}, running: {why}", where=stored.where), Phase.GUEST)
    for text in sorted((new - gone).elements(), key=lambda t: not t.startswith(f"<{FIRST}")):
        draft.add(plug_device(name, None, text.encode(), f"{name}, running: {why}", where=stored.where), Phase.GUEST)
    draft.running[name] = after


def _devices(xml: str) -> Counter[str]:
    """The elements below <devices>, each as a document of its own, and how often it stands there."""
    document = XmlText(xml)
    devices = document.root.find("devices")
    data = xml.encode("utf-8")
    return Counter(_alone(document, e, data) for e in (devices.children if devices is not None else ()))


def _alone(document: XmlText, element: Element, data: bytes) -> str:
    """An element as a document of its own, with the namespaces around it only where it uses one."""
    text = data[element.start : element.end].decode("utf-8")
    try:
        XmlText(text)
    except ValueError:
        return document.part(element)
    return text

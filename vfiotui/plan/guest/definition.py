"""A guest's stored definition while a plan is drawn up: several goals edit it, and one step writes it."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.change.change import Change, Effect, define_domain, write_file
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.guest.versions import Versions
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner


@dataclass(frozen=True, slots=True)
class Definition:
    """What an edit gets: the definition as the plan leaves it so far."""

    draft: Draft
    facts: Facts
    """Of the host that runs the guest: parts of another host are not known."""
    name: str
    xml: DomainXml
    """The edit changes this."""
    domain: Domain
    """The same, read, before the edit."""
    running: bool = False
    """Whether it is what the guest runs with now: of that only devices can be changed."""

    @property
    def versions(self) -> Versions:
        """Of the libvirt and the QEMU that start the guest."""
        virt = self.facts.virt
        return Versions() if isinstance(virt, Unread) else virt.versions

    @property
    def snapshot(self) -> ConfigSnapshot:
        """Files and links of the host that runs the guest; of another host none are known."""
        elsewhere = self.facts.guest_files is OTHER_HOST
        return ConfigSnapshot({}) if elsewhere else self.draft.snapshot

    def note(self, sentence: str) -> None:
        """Something that a person should know of this edit."""
        self.draft.note(f"{self.name}: {sentence}")


Edit = Callable[[Definition, str], None]
"""Edits the definition by the value of a goal; PlanError and ValueError say why not."""


def definition_goal(
    name: str,
    value: str,
    promise: str,
    title: str,
    edit: Edit,
    files: tuple[str, ...] = (),
    disks: Callable[[str], tuple[str, ...]] = lambda argument: (),
) -> Planner:
    """A goal about the definition of one guest; `value` is the word for the help, or empty where there is none.

    `title` says what the definition gets, with {2} for the value; it is the reason of the step, too. `files` are those
    whose content the edit wants to know.
    """
    argument = f"GUEST/{value}" if value else "GUEST"

    def draw(draft: Draft, given: str) -> None:
        guest, _, wanted = given.partition("/")
        change_definition(draft, guest, title.format(given, guest, wanted).strip(), lambda d: edit(d, wanted))

    return Planner(name, argument, promise, "{1}: " + title, draw, lambda _: files, disks)


def change_definition(draft: Draft, name: str, why: str, edit: Callable[[Definition], None]) -> None:
    """Edits a guest's definition; PlanError where it cannot be. What is there already gives no step."""
    stored = draft.snapshot.guests.get(name, Unread("it was not read"))
    if isinstance(stored, Unread):
        raise PlanError(f"the definition of {name} cannot be changed: {stored.reason}")
    if stored.definition is None:
        raise PlanError(f"there is no stored definition of a guest {name!r}")
    old = draft.step_for(stored.file) if stored.file else _defined(draft, name)
    now = stored.definition if old is None or old.after is None else old.after
    try:
        text, encoding = decode(now)
        definition = Definition(
            draft,
            facts_for(draft.facts, stored),
            name,
            DomainXml(text),
            parse(text, source=stored.file or stored.where),
        )
        edit(definition)
        after = definition.xml.xml.encode(encoding)
    except ValueError as error:
        raise PlanError(f"the definition of {name} cannot be changed: {error}") from error
    if after != now:
        whys = why if old is None else f"{old.why}; {why}"
        new = None if after == stored.definition else _step(stored, stored.definition, after, whys)
        draft.exchange(old, new, Phase.GUEST)
    if stored.running is not None and name not in draft.running:
        draft.note(f"{name} runs on as it is until it is shut off and started again: a reboot inside is not enough")


OTHER_HOST = Unread("the guest is on another host", Why.NOT_HERE)


def facts_for(facts: Facts, stored: StoredGuest) -> Facts:
    """The facts as far as they are true for a guest."""
    if not stored.elsewhere:
        return facts
    return replace(
        facts,
        cpu=OTHER_HOST,
        pci=OTHER_HOST,
        iommu=OTHER_HOST,
        usb=OTHER_HOST,
        memory=OTHER_HOST,
        guest_files=OTHER_HOST,
    )


def _defined(draft: Draft, name: str) -> Change | None:
    return next((step for step in draft.steps("domain") if step.subject == name), None)


def _step(stored: StoredGuest, before: bytes, after: bytes, why: str) -> Change:
    said = why if why.startswith("the definition of ") else f"the definition of {stored.name}: {why}"
    if stored.file:
        return write_file(stored.file, before, after, said, risk=Risk.R2, effect=Effect.GUEST)
    return define_domain(stored.name, before, after, said, where=stored.where)


def switch(value: str) -> bool:
    """on or off; yes and no mean the same."""
    if value not in ("on", "off", "yes", "no"):
        raise PlanError(f"{value!r} is neither on nor off")
    return value in ("on", "yes")


def pair(value: str, form: str) -> tuple[str, str]:
    """The two sides of KEY=VALUE; PlanError with the form that is wanted."""
    key, equals, rest = value.partition("=")
    if not equals or not key:
        raise PlanError(f"{value!r} is no {form}")
    return key, rest


def whole(value: str, what: str, most: int) -> int:
    """A whole number from 0 to `most`; PlanError for anything else."""
    if not (value.isascii() and value.isdecimal() and len(value) < 20 and int(value) <= most):
        raise PlanError(f"{value!r} is no {what}: a whole number up to {most} is")
    return int(value)

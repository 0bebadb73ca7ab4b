"""The goal of a new guest: its definition, its disk, its pins, pages, hooks, and its devices bound to vfio-pci."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.change.change import Effect, define_domain, write_file
from vfiotui.model.cpu.pinning import Shape
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.new_guest import GIB, SYSTEMS, NewGuest, from_goal
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.pci.host_use import is_given
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.definition import facts_for
from vfiotui.plan.guest.disks import LINKS
from vfiotui.plan.guest_new import host_fit
from vfiotui.plan.guest_new.disk import ChosenDisk, check_media, chosen_disk, disk_path, named_paths
from vfiotui.plan.guest_new.system import has_virtio, system_of
from vfiotui.plan.guest_new.xml import Build, domain_xml
from vfiotui.plan.isolate.isolate import isolate
from vfiotui.plan.isolate.select import Choice
from vfiotui.plan.memory.hook import serve_pages
from vfiotui.plan.pin.hook import keep_for
from vfiotui.plan.pin.xml import with_pinning

DEFINED = "/etc/libvirt/qemu"
SPACE = uuid.UUID("0f1d6f1e-6a4e-4a57-9c36-6f0f5a7c7a55")
"""For the uuid of a definition in a file: without one libvirt would make another at each of its own starts."""


def answered(argument: str) -> NewGuest:
    """The answers of a goal; PlanError where they are none."""
    try:
        return from_goal(argument)
    except ValueError as error:
        raise PlanError(f"no new guest: {error}") from error


def _names(argument: str) -> tuple[str, ...]:
    return (*host_fit.network_files(answered(argument)), LINKS)


def new(draft: Draft, argument: str) -> None:
    """Everything that a guest needs which is not there yet."""
    guest = answered(argument)
    stored = _must_be_free(draft, guest.name)
    session = urlsplit(stored.where).path.startswith("/session")
    whole = draft.facts
    draft.facts = facts_for(whole, stored)
    try:
        _new(draft, guest, stored, session)
    finally:
        draft.facts = whole


def _must_be_free(draft: Draft, name: str) -> StoredGuest:
    stored = draft.snapshot.guests.get(name, Unread("it was not read"))
    if isinstance(stored, Unread):
        raise PlanError(f"whether there is a guest {name!r} already is not known: {stored.reason}")
    virt = draft.facts.virt
    named = () if isinstance(virt, Unread) else virt.names
    if stored.definition is not None or stored.running is not None or name in named or draft.changes(name):
        raise PlanError(f"there is a guest {name!r} already: choose another name")
    if not stored.where and draft.text(f"{DEFINED}/{name}.xml") is not None:
        raise PlanError(f"there is a file {DEFINED}/{name}.xml already: choose another name")
    return stored


def _new(draft: Draft, guest: NewGuest, stored: StoredGuest, session: bool) -> None:
    facts, elsewhere = draft.facts, stored.elsewhere
    host_fit.must_be_x86(facts)
    if elsewhere and (guest.devices or (guest.disk or "image") not in ("none",)):
        raise PlanError("disks and devices of another host cannot be seen: run this there, or say disk none")
    others = _others(facts)
    if not elsewhere:
        check_media(draft, guest)
    disk = chosen_disk(draft, guest, others, session=session)
    choice = host_fit.chosen_devices(facts, guest)
    build = Build(
        replace(guest, network=host_fit.network_for(draft, guest, session=session, elsewhere=elsewhere)),
        vcpus=1,
        shape=Shape(1, 1, 1, 1),
        memory=host_fit.memory_for(facts, guest),
        kvm=host_fit.runs_on_kvm(draft, stored),
        devices=tuple(d.bdf for d in choice.devices),
        display=host_fit.display_for(guest, choice),
        disk=disk.path,
        is_block=disk.is_block,
        disk_format=disk.form,
        uuid="" if stored.where else str(uuid.uuid5(SPACE, f"{draft.snapshot.machine}/{guest.name}")),
    )
    text, build = _with_processors(draft, build)
    domain = parse(text, source=stored.where or f"{DEFINED}/{guest.name}.xml")
    host_fit.check_firmware(draft, guest, domain, elsewhere=elsewhere)
    _hooks(draft, guest, domain, session=session, elsewhere=elsewhere)
    _add(draft, guest, stored, text, disk)
    _devices(draft, guest, choice, others)
    _advice(draft, build, choice)


def _others(facts: Facts) -> tuple[Domain, ...]:
    return () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())


def _with_processors(draft: Draft, build: Build) -> tuple[str, Build]:
    """The definition with vCPUs, pins and huge pages."""
    guest = build.guest
    bare = parse(domain_xml(replace(build, vcpus=guest.vcpus or 1)), source=guest.name)
    threads = len(bare.iothread_ids)
    count, shape, pins = host_fit.placement(draft, guest, bare, threads)
    nodes = () if pins is None or pins.nodes is None else tuple(pins.nodes)
    pages = guest.pages == "hook" or (
        guest.pages == "auto" and host_fit.free_pages(draft.facts.memory, build.memory, nodes)
    )
    build = replace(build, vcpus=count, shape=shape, huge_pages=pages)
    text = domain_xml(build)
    if pins is not None:
        topology = draft.facts.cpu
        text = with_pinning(text, pins, topology if build.kvm and not isinstance(topology, Unread) else None)
    return text, build


def _hooks(draft: Draft, guest: NewGuest, domain: Domain, *, session: bool, elsewhere: bool) -> None:
    if not (guest.keep_cores or guest.pages == "hook"):
        return
    if session or elsewhere:
        raise PlanError("hooks of this system do not run for guests of a session or of another host")
    if guest.pages == "hook":
        serve_pages(draft, domain)
    if guest.keep_cores:
        keep_for(draft, domain)


def _add(draft: Draft, guest: NewGuest, stored: StoredGuest, text: str, disk: ChosenDisk) -> None:
    if disk.step is not None:
        draft.add(disk.step, Phase.HOST_FILE)
    why, after = f"the definition of {guest.name}: {SYSTEMS[guest.system]}", text.encode()
    if stored.where:
        draft.add(define_domain(guest.name, None, after, why, where=stored.where), Phase.GUEST)
        return
    path = f"{DEFINED}/{guest.name}.xml"
    draft.add(write_file(path, None, after, why, risk=Risk.R2, effect=Effect.GUEST, mode=0o600), Phase.GUEST)


def _devices(draft: Draft, guest: NewGuest, choice: Choice, others: tuple[Domain, ...]) -> None:
    """vfio-pci has them at the next boot, or libvirt binds them at the guest's start."""
    passed = {d.bdf for d in choice.devices}
    for other in others:
        if both := sorted(passed & {h.address for h in other.pci_hostdevs}):
            draft.note(f"{other.name} has {', '.join(both)} too: only one of both guests can run at a time")
    if not passed:
        return
    if guest.isolation == "boot" and not all(is_given(d) for d in choice.devices):
        isolate(draft, guest.devices, None)
        return
    for bdf, why in choice.reasons:
        draft.note(f"{bdf} is also passed through: {why}")
    for warning in choice.warnings:
        draft.note(warning)
    if guest.isolation == "start":
        draft.note("libvirt takes the devices from their drivers when the guest starts: nothing may use them then")


def _advice(draft: Draft, build: Build, choice: Choice) -> None:
    """What a person has to know or do, so that the system can be installed."""
    guest = build.guest
    system = system_of(guest)
    if build.memory < system.least_memory:
        draft.note(f"{SYSTEMS[guest.system]} asks for {system.least_memory // GIB} GiB of memory")
    if guest.is_windows and build.disk and not has_virtio(guest):
        draft.note(
            "without a medium of virtio drivers (virtio-iso) disk and network card are emulated, which is slow: "
            "fedorapeople.org/groups/virt/virtio-win has it"
        )
    elif guest.is_windows and build.disk:
        draft.note("Windows' setup sees the disk after 'Load driver', vioscsi on the medium of virtio drivers")
    if not guest.iso and build.disk:
        draft.note("it has no installation medium (iso): the firmware finds nothing to start from an empty disk")
    if build.display == "window":
        draft.note("its display is VNC on this host: virt-viewer or 'virsh vncdisplay' shows it")
    elif not guest.evdev and not any(d.class16 == 0x0C03 for d in choice.devices):
        draft.note(
            "no keyboard of the host reaches it: pass a USB controller or USB devices through, or name keyboard and "
            "mouse as evdev" + ("; Looking Glass sends its own" if build.display == "looking-glass" else "")
        )
    if build.display == "looking-glass":
        draft.note("the passed card needs a monitor, or a dummy plug, until Looking Glass runs in the guest")
    if guest.system == "macos":
        draft.note("macOS starts by OpenCore only, and with QEMU's isa-applesmc: add both by hand, from what you own")


PLANNERS = (
    Planner(
        "guest.new",
        "GUEST/ANSWERS",
        "a new guest, with its disk, pins and devices; 'vfiotui guest new' asks for the answers",
        "New guest {1}",
        new,
        _names,
        lambda argument: disk_path(answered(argument)),
        lambda argument: named_paths(answered(argument)),
    ),
)

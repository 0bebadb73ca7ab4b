"""Goals that pass the host's PCI devices to a guest and take them back: in its definition, or while it runs.

With a device goes what its group and its reset need, and nothing else; what the host cannot do without is refused.
"""

from __future__ import annotations

from vfiotui.formats.option_rom import read_rom
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.pci.binding_state import MANAGED
from vfiotui.model.pci.functions import PciDevice, slot_of
from vfiotui.model.pci.host_use import is_given, lost_disks
from vfiotui.model.pci.option_rom import judge_rom
from vfiotui.model.pci.rom_source import is_shadow
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, pair
from vfiotui.plan.guest.devices import BDF, device_at, drop, insert, passed, set_rom
from vfiotui.plan.guest.pci_places import free_ports, keep_place, on_one_slot
from vfiotui.plan.guest.running import running_goal
from vfiotui.plan.isolate.binding_state import columns
from vfiotui.plan.isolate.select import choose, no_groups

NO_IMAGE = Unread("the built image is not needed")
SHOWN = 3
"""Guests that are named where many are meant."""


def addresses(value: str) -> tuple[str, ...]:
    """Full addresses of a list with commas; PlanError for what is none.

    >>> addresses("0b:00.0,0000:0b:00.1")
    ('0000:0b:00.0', '0000:0b:00.1')
    """
    found = []
    for word in (w.strip().lower() for w in value.split(",")):
        full = word if word.count(":") == 2 else f"0000:{word}"
        if not BDF.fullmatch(full):
            raise PlanError(f"{word!r} is no PCI address, such as 0b:00.0")
        found.append(full)
    return tuple(dict.fromkeys(found))


def some(names: list[str]) -> str:
    """The first of many names.

    >>> some(["a", "b"]), some(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _attach(work: Definition, value: str) -> None:
    wanted = addresses(value)
    facts = work.facts
    if isinstance(facts.pci, Unread):
        raise PlanError(f"the PCI devices of the host of {work.name} cannot be seen: {facts.pci.reason}")
    choice, ungrouped = choose(facts, wanted), no_groups(facts)
    there = dict(passed(work))
    new = [d for d in choice.devices if d.bdf not in there]
    ways = _configured(work)
    refusals = [r for r in choice.refusals if work.running or r not in ungrouped]
    refusals += [why for d in new for why in _needed(work, d, ways.get(d.bdf, ""))]
    if refusals and (new or not choice.devices):
        raise PlanError("; ".join(refusals))
    if work.running and (short := len(new) - free_ports(work)) > 0:
        raise PlanError(
            f"{work.name} runs with {free_ports(work)} free PCIe ports, and {len(new)} are needed: "
            f"'vfiotui guest set {work.name} ports={len(new)}' adds {short} at its next start; or take --config"
        )
    for device in new:
        beside = next((e for pci, e in sorted(passed(work)) if pci[:-2] == device.bdf[:-2]), None)
        alike = beside if beside is not None and beside.tag == "hostdev" and not device.is_virtual else None
        insert(work, device.bdf, alike, _managed(device, ways.get(device.bdf, "")))
    for device in new:
        keep_place(work, device.bdf)
    for slot in dict.fromkeys(d.slot for d in new if d.is_display):
        on_one_slot(work, slot)
    if new:
        _say(work, new, dict(choice.reasons), ungrouped, ways)


def _configured(work: Definition) -> dict[str, str]:
    """Address → how the next boot gives the device to vfio-pci; empty words where it does not, or nobody knows."""
    states = columns(work.draft.facts, work.draft.snapshot, NO_IMAGE)
    if isinstance(states, Unread):
        return {}
    found = {s.bdf: or_else(s.configured, "") for s in states}
    return {bdf: way for bdf, way in found.items() if set(way.split(" + ")) - {MANAGED, ""}}


def _managed(device: PciDevice, way: str) -> bool:
    """Whether libvirt binds it: not where it is bound at boot and stays so, or is a device of VFIO with its driver."""
    return not (bool(way) and is_given(device)) and or_else(device.vfio_device, False) is not True


def _needed(work: Definition, device: PciDevice, way: str) -> list[str]:
    """What of the host needs a device that no driver holds for a guest, beside what `choose` says."""
    if is_given(device):
        return _taken(work, device)
    found = []
    if device.boot_vga is True and isinstance(device.driver, str) and not (way and not work.running):
        found.append(
            f"{device.bdf} is the boot display, which the host drives with {device.driver}: "
            f"'vfiotui isolate {device.bdf}' gives it to vfio-pci at boot first"
        )
    places = [d for d in lost_disks(work.facts.host_use, device.bdf) if not d.vital]
    if places:
        words = ", ".join(f"{d.place} ({d.disk}{d.way})" for d in places)
        found.append(f"{device.bdf} holds {words}, which the host uses: unmount it, and take it from /etc/fstab")
    return found + _taken(work, device)


def _taken(work: Definition, device: PciDevice) -> list[str]:
    """Other guests that have it: one that runs holds it now."""
    virt = work.facts.virt
    others = [
        d
        for d in (() if isinstance(virt, Unread) else or_else(virt.domains, ()))
        if d.name != work.name and any(h.address == device.bdf for h in d.pci_hostdevs)
    ]
    if names := [o.name for o in others if not (o.running and work.running)]:
        work.note(f"{some(names)} {'has' if len(names) == 1 else 'have'} {device.bdf} too: only one can run with it")
    return [f"{o.name} runs with {device.bdf}: shut it off first" for o in others if o.running and work.running]


def _say(
    work: Definition, new: list[PciDevice], reasons: dict[str, str], ungrouped: list[str], ways: dict[str, str]
) -> None:
    for device in new:
        if why := reasons.get(device.bdf):
            work.note(f"{device.bdf} is passed too: {why}")
        if ways.get(device.bdf) and not is_given(device):
            work.note(
                f"{device.bdf} is bound to vfio-pci at the next boot; until then libvirt takes it from its driver"
            )
        if device.is_display and is_shadow(device) and not _has_rom(work, device.bdf):
            work.note(
                f"{device.bdf} showed the boot screen: what its guest reads as its ROM is the firmware's copy; a ROM "
                "file that was read while another card was the display helps (--rom)"
            )
    for why in ungrouped:
        work.note(f"it cannot start with these devices yet: {why}")


def _has_rom(work: Definition, bdf: str) -> bool:
    rom = device_at(work, bdf).find("rom")
    return rom is not None and bool(rom.get("file") or rom.get("bar") == "off")


def _detach(work: Definition, value: str) -> None:
    """The named devices, and of their cards and groups what the guest has."""
    wanted = addresses(value)
    there = dict(passed(work))
    for bdf in wanted:
        device_at(work, bdf)
    slots = {slot_of(bdf) for bdf in wanted}
    together = {d.bdf for d in choose(work.facts, wanted).devices}
    if not together:
        together = {bdf for bdf in there if slot_of(bdf) in slots}
    gone = [bdf for bdf in there if bdf in together or bdf in wanted]
    screens = _displays(work, set(there))
    for bdf in gone:
        drop(work, bdf)
        if bdf not in wanted:
            work.note(f"{bdf} is taken too: it belongs to the same card or group")
    if screens and not screens - set(gone) and set(work.domain.devices.videos) <= {"none"}:
        work.note(f"it has no screen then: domain.graphics={work.name}/vnc and an emulated card give one")


def _displays(work: Definition, bdfs: set[str]) -> set[str]:
    bus = work.facts.pci
    if isinstance(bus, Unread):
        return set()
    return {b for b in bdfs if (d := bus.get(b)) is not None and d.is_display}


def _rom(work: Definition, value: str) -> None:
    """A ROM file, where it holds what an EFI guest needs of this card."""
    bdf, path = pair(value, "ADDRESS=FILE")
    (bdf,) = addresses(bdf)
    content = work.draft.snapshot.content(path)
    if isinstance(content, Unread):
        raise PlanError(f"the ROM file {path} cannot be judged ({content.reason}): 'vfiotui rom {path} --card {bdf}'")
    bus = work.facts.pci
    device = None if isinstance(bus, Unread) else bus.get(bdf)
    verdict = judge_rom(read_rom(content), None if device is None else (device.vendor, device.device))
    if not verdict.good:
        raise PlanError(f"{path} is no ROM for {bdf}: {verdict.sentence}")
    set_rom(work, f"{bdf}={path}")


def _rom_file(argument: str) -> tuple[str, ...]:
    path = argument.partition("/")[2].partition("=")[2]
    return (path,) if path.startswith("/") else ()


LIST = "BDF,…"
PLANNERS = (
    replace(
        definition_goal(
            "guest.rom", "BDF=FILE", "load the option ROM of a card from a file that fits it", "ROM of {2}", _rom
        ),
        reads=_rom_file,
    ),
    definition_goal(
        "guest.attach", LIST, "pass PCI devices through, with all that must go together", "passes {2}", _attach
    ),
    definition_goal(
        "guest.detach", LIST, "pass PCI devices through no longer, with what belongs to them", "without {2}", _detach
    ),
    running_goal("guest.plug", LIST, "attach PCI devices to the running guest", "passes {2}", _attach),
    running_goal("guest.unplug", LIST, "detach PCI devices from the running guest", "without {2}", _detach),
)

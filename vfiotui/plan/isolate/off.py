"""Devices given back to the host at the next boot, whoever bound them: by words, lists, rules, units, or this program.

Each place that binds a device is edited so that it serves the others as before; what is not edited here is named.
"""

from __future__ import annotations

from vfiotui.formats.initramfs import mkinitcpio
from vfiotui.formats.loaders.kernel_words import OptionEdit, WordEdit
from vfiotui.formats.modprobe import modprobe
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.system.udev_rules import without_device
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, set_link
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.selection import FILE, from_json, to_json
from vfiotui.plan.boot.command_line import edit_command_line, next_line
from vfiotui.plan.boot.image_edits import planned
from vfiotui.plan.boot.image_obstacles import take_out
from vfiotui.plan.boot.initramfs import rebuild, tool_of
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.boot_event import STUB, VFIO
from vfiotui.plan.isolate.bound_by import BoundBy, Place
from vfiotui.plan.isolate.isolate import addresses
from vfiotui.plan.isolate.method import Method
from vfiotui.plan.isolate.modprobe import FOLDER
from vfiotui.plan.isolate.override_rule import set_rule
from vfiotui.plan.isolate.pciback import unhide
from vfiotui.plan.isolate.prediction import managed_by
from vfiotui.plan.isolate.softdep import drivers_of
from vfiotui.plan.isolate.take_ids import take_from_lists

WRITES = (rf"/etc/udev/rules\.d/{FILE_NAME}\.rules",)
MODULES = ("vfio_pci", "vfio_iommu_type1", "vfio_virqfd", "vfio", "pci_stub", "xen_pciback")
"""What lists load for the sake of bound devices only; libvirt loads them by itself."""


def off(draft: Draft, wanted: tuple[str, ...]) -> None:
    """Everything that binds these devices at the next boot is taken away, and nothing that binds others."""
    bus, boot = draft.facts.pci, draft.facts.boot
    if isinstance(bus, Unread) or isinstance(boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {bus if isinstance(bus, Unread) else boot}")
    devices = _named(bus, wanted)
    _unselect(draft, wanted)
    for module in (VFIO, STUB):
        take_from_lists(draft, bus, devices, module)
    kept: dict[str, list[str]] = {}
    for device in devices:
        _stored_driver(draft, device)
        unhide(draft, device, kept.setdefault(device.bdf, []))
        _rules(draft, device, kept[device.bdf])
        for place in BoundBy(draft).installs(device):
            _install_line(draft, place, wanted, kept[device.bdf])
        for place in BoundBy(draft).scripts(device):
            _script(draft, place, wanted, kept[device.bdf])
    left = BoundBy(draft)
    rest = [d for d in bus.devices if not d.is_bridge and d not in devices and left.binds(d)]
    if not rest and not any(kept.values()):
        _nothing_is_bound(draft)
    _let_load(draft, devices, rest)
    if draft.touches(Phase.MODPROBE, Phase.INITRAMFS_CONFIG):
        rebuild(draft)
    for device in devices:
        draft.release(device.bdf, "; ".join(dict.fromkeys(kept[device.bdf])))
    _notes(draft, devices, rest)


def _named(bus: PciBus, wanted: tuple[str, ...]) -> tuple[PciDevice, ...]:
    absent = [bdf for bdf in wanted if bus.get(bdf) is None]
    if absent:
        raise PlanError(f"there is no device at {', '.join(absent)}")
    devices = tuple(d for bdf in wanted if (d := bus.get(bdf)) is not None)
    bridges = [d.bdf for d in devices if d.is_bridge]
    if bridges:
        raise PlanError(f"{', '.join(bridges)} is a bridge: bridges are never passed through")
    return devices


def _unselect(draft: Draft, wanted: tuple[str, ...]) -> None:
    """Out of what this program stored and made."""
    text = draft.text(FILE)
    try:
        stored = () if text is None else from_json(text)
    except ValueError as error:
        draft.note(f"{FILE} is left alone: {error}")
        return
    rest = tuple(c for c in stored if c.bdf not in wanted)
    if rest == stored:
        return
    after = to_json(rest) if rest else None
    draft.write(FILE, after, "forget these devices", Phase.HOST_FILE, risk=Risk.R0, effect=Effect.NOW)
    if any(c.method == Method.OVERRIDE for c in stored if c not in rest):
        set_rule(draft, tuple(c for c in rest if c.method == Method.OVERRIDE), tool_of(draft))


def _stored_driver(draft: Draft, device: PciDevice) -> None:
    path = BoundBy(draft).driverctl(device)
    if path:
        why = f"driverctl binds {device.bdf} no more"
        draft.write(path, None, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT)


def _rules(draft: Draft, device: PciDevice, kept: list[str]) -> None:
    """Rules for this device alone go, others pass over it; the last first, so that the lines of the rest stay."""
    for place in reversed(tuple(BoundBy(draft).rules(device))):
        where = f"{place.path}:{place.rule.line} (a udev rule"
        if not place.sure:
            kept.append(f"{where} with conditions that are not understood here)")
            continue
        if place.rule.named - {device.bdf}:
            kept.append(f"{where} whose command also names {', '.join(sorted(place.rule.named - {device.bdf}))})")
            continue
        alone = place.serves <= {device.bdf}
        after = without_device(draft.text(place.path) or "", place.rule.line, device.bdf, whole=alone)
        why = f"the rule binds {device.bdf} no more"
        draft.write(place.path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)


def _install_line(draft: Draft, place: Place, wanted: tuple[str, ...], kept: list[str]) -> None:
    others = sorted(place.serves - set(wanted))
    text = draft.text(place.path) if place.path.startswith(f"{FOLDER}/") else None
    if others or text is None:
        kept.append(f"{place}" + (f", for {', '.join(others)} too" if others else ""))
        return
    after = modprobe.remove(text, "install", "vfio-pci")
    why = "no command binds devices when vfio-pci is loaded"
    draft.write(place.path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)


def _script(draft: Draft, place: Place, wanted: tuple[str, ...], kept: list[str]) -> None:
    """A unit for these devices alone is disabled; a person's script is named and left alone."""
    only = bool(place.serves) and place.serves <= set(wanted)
    links = draft.snapshot.links_of(place.unit)
    if only and links:
        # What 'systemctl disable' takes away: so it works on a disk that is only mounted, and comes back to the byte.
        why = f"no boot starts {place.unit.rpartition('/')[2]} any more, which binds devices"
        for path, target in links:
            draft.add(set_link(path, target, None, why, risk=Risk.R2, effect=Effect.BOOT), Phase.HOST_FILE)
        return
    others = sorted(place.serves - set(wanted))
    kept.append(f"{place}" + (f", for {', '.join(others)} too" if others else ""))


def _nothing_is_bound(draft: Draft) -> None:
    """What only served bound devices: modules that load early, and lines that have drivers wait for vfio-pci."""
    for path in draft.snapshot.below(FOLDER, ".conf"):
        text = after = draft.text(path) or ""
        for module in dict.fromkeys(s.name.value for s in modprobe.statements(text) if s.verb == "softdep"):
            for first in ("vfio-pci", "pci-stub"):
                after = modprobe.remove_softdep(after, module, first)
        why = "no driver waits for vfio-pci any more"
        draft.write(path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)
    for module in MODULES:
        try:
            if take_out(draft, module, "which nothing needs any more"):
                _stay_buildable(draft)
        except (EditRefused, PlanError) as error:
            draft.note(f"{module} stays in a list of modules, which does no harm: {error}")


def _stay_buildable(draft: Draft) -> None:
    """A list that shell code computes is found out before a step is planned for it."""
    files = planned(draft)
    for path in ("/etc/mkinitcpio.conf", *draft.snapshot.below("/etc/mkinitcpio.conf.d", ".conf")):
        mkinitcpio.words(files.text(path) or "", "MODULES")


def _let_load(draft: Draft, devices: tuple[PciDevice, ...], rest: list[PciDevice]) -> None:
    """Drivers of the devices may load again where each of them is kept out by a line or a word."""
    needed = {m for d in rest for m in _drivers(d)}
    for device in devices:
        drivers = _drivers(device)
        if not drivers or not all(_kept_out(draft, m) for m in drivers):
            continue
        for module in drivers:
            if module in needed:
                draft.note(
                    f"{module} stays out for the sake of devices that remain bound: {device.bdf} may have no driver"
                )
            else:
                _let_in(draft, module)


def _drivers(device: PciDevice) -> tuple[str, ...]:
    found = drivers_of(device)
    return () if isinstance(found, Unread) else found


def _kept_out(draft: Draft, module: str) -> bool:
    said = gathered(planned(draft).modprobe())
    line = next_line(draft)
    words = {m.replace("-", "_") for key in ("modprobe.blacklist", "module_blacklist") for m in line.options(key)}
    return module in words or said.blacklist(module) is not None or said.never(module) is not None


def _let_in(draft: Draft, module: str) -> None:
    """The lines of /etc and the words that keep a module out go; what packages say stays, and is named."""
    why = f"{module} may load again: it is the host's driver of the device"
    for path in draft.snapshot.below(FOLDER, ".conf"):
        text = draft.text(path) or ""
        after = modprobe.remove(text, "blacklist", module)
        if gathered(planned(draft).modprobe()).never(module) is not None:
            after = modprobe.remove(after, "install", module)
        draft.write(path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)
    line = next_line(draft)
    for key in ("modprobe.blacklist", "module_blacklist"):
        names = [m for m in line.options(key) if m.replace("-", "_") == module]
        if names:
            edit_command_line(draft, WordEdit(options=(OptionEdit(key, remove=tuple(names)),)), why)
    if _kept_out(draft, module):
        said = gathered(planned(draft).modprobe())
        line_of = said.blacklist(module) or said.never(module)
        draft.note(f"{module} stays out: {line_of.where if line_of else 'the kernel command line'} is not edited here")


def _notes(draft: Draft, devices: tuple[PciDevice, ...], rest: list[PciDevice]) -> None:
    managed = managed_by(draft.facts)
    for device in devices:
        for guest in managed.get(device.bdf, ()):
            draft.note(f"libvirt takes {device.bdf} when {guest} starts: its hostdev element says managed='yes'")
    still = [d.bdf for d in rest if d.slot in {x.slot for x in devices}]
    if still:
        draft.note(f"{', '.join(still)} of the same slot stays with vfio-pci: name it too to give the card back whole")
    bound = ",".join(d.bdf for d in devices if isinstance(d.driver, str) and "vfio" in d.driver)
    if bound and draft.facts.mode is Mode.LIVE:
        draft.note(f"until the reboot vfio-pci keeps {bound}; 'vfiotui apply driver.host={bound}' gives it back now")


PLANNERS = (
    Planner(
        "isolate.off", "BDF,…", "give devices back to the host's drivers, whatever binds them",
        "Give {} back to the host", lambda draft, argument: off(draft, addresses(argument)),
    ),
)  # fmt: skip

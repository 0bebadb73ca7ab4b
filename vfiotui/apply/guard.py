"""The guard's check: the boot path is resolved again, and compared with what changes and guests want of the next boot.

It reads files only, never a daemon: package managers run it while services are down. What it found is kept in one small
file, for the console and the checks.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.steps.path import judge_words
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.disk import Meta
from vfiotui.formats.guard_hooks.runner import STATE
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.guard import read_state
from vfiotui.host.boot.next_image import read_boots
from vfiotui.host.changes import boot_id
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.boot.guard import GuardState, Lost, to_json
from vfiotui.model.boot.next_boot import image_of_all
from vfiotui.model.change.change import NEXT_BOOT, look_at_next_boot
from vfiotui.model.change.journal import IN_FORCE, unread_words
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Virt
from vfiotui.plan.boot.guard_devices import Judged, judge_devices, wanted_devices
from vfiotui.plan.isolate.binding_state import columns
from vfiotui.plan.isolate.forecasts import forecasts

PARTS = frozenset({"pci", "boot", "modules", "iommu", "services", "changes", "selection"})
"""Parts of the facts that a forecast and the goals of changes use."""
BEFORE = 3
"""Seconds by which the state's time lies before the check: FAT keeps every second second only."""


def check(root: Root, by: str) -> GuardState:
    """What the next boot keeps and loses, by what lies on the disk now; takes about a second for each boot image."""
    facts = replace(gather(root, only=PARTS), virt=_guests(root))
    devices = _devices(root, facts)
    lost, unknown, kept = _words(facts)
    if isinstance(facts.changes, Unread):
        unknown = [*unknown, unread_words(facts.changes)]
    return GuardState(
        datetime.now(UTC).isoformat(timespec="seconds"),
        boot_id(root),
        by,
        (*devices.lost, *lost),
        tuple(dict.fromkeys((*devices.unknown, *unknown))),
        devices.kept + kept,
    )


def _guests(root: Root) -> Virt:
    """The guests of the root's files; of one that runs its stored definition, for that is what starts after a boot."""
    virt, stored = domains.read(root), domains.read_defined(root)
    if isinstance(virt.domains, Unread) or isinstance(stored, Unread):
        return virt
    by_name = {domain.name: domain for domain in (*virt.domains, *stored.domains.values())}
    return replace(virt, domains=tuple(by_name.values()))


def _devices(root: Root, facts: Facts) -> Judged:
    boots = read_boots(root, facts.boot if isinstance(facts.boot, Unread) else facts.boot.path)
    snapshot = read_config_snapshot(root)
    told = forecasts(facts, snapshot, boots)
    states = columns(facts, snapshot, image_of_all(boots))
    wanted = wanted_devices(facts, {state.bdf: state for state in or_else(states, ())})
    if not wanted:
        return Judged()
    if isinstance(told, Unread):
        return Judged(unknown=(f"the drivers of the next boot are not predicted: {told}",))
    devices = () if isinstance(facts.pci, Unread) else facts.pci.devices
    names = {device.bdf: device.name for device in devices}
    judged = judge_devices(wanted, names, {f.bdf: f for f in told}, bool(devices))
    unread = (f"an initramfs of the next boot is not read: {b.image}" for b in boots if isinstance(b.image, Unread))
    return replace(judged, unknown=(*judged.unknown, *dict.fromkeys(unread)))


def _words(facts: Facts) -> tuple[list[Lost], list[str], int]:
    """What changes in force want of the command line; a later change overrules an earlier one."""
    effect: dict[str, bool] = {}
    for record in reversed(or_else(facts.changes, ())):
        if record.state not in IN_FORCE or not isinstance(record.plan, Plan):
            continue
        for step in record.plan.steps:
            if step.kind == "path" and step.subject == NEXT_BOOT:
                effect |= {want: True for want in step.wants if not want.startswith("vfio ")}
                effect |= {f"word {word}": False for word in step.bans}
    lost: list[Lost] = []
    unknown: list[str] = []
    if not effect or isinstance(facts.boot, Unread):
        return lost, unknown, 0
    for want, there in effect.items():
        word = want.partition(" ")[2]
        look = look_at_next_boot((want,), (), "") if there else look_at_next_boot((), (word,), "")
        wrong, notes = judge_words(look, facts.boot)
        if wrong:
            lost.append(Lost(word, wrong))
        unknown += notes
    return lost, unknown, len(effect) - len(lost)


def keep(target: Target, state: GuardState, began: float) -> None:
    """Keeps what a check found that began at this time (seconds since 1970); ApplyError where it cannot be written."""
    place = target.real_place("/var/lib") / "vfiotui" / "guard.json"
    try:
        disk.make_folders(place.above)
        meta = Meta(0o644, os.geteuid(), os.getegid(), mtime=int((began - BEFORE) * 1e9))
        disk.put_file(place, to_json(state).encode(), meta, ".guard.json.new")
    except OSError as error:
        raise ApplyError(os_sentence(error, f"{STATE} cannot be written")) from error


def check_again(target: Target) -> GuardState | None:
    """A new check where an earlier one is kept, after a change of this program; None where none is, or it failed."""
    if isinstance(read_state(target.root), Unread):
        return None
    began = time.time()
    try:
        state = check(target.root, "vfiotui")
        keep(target, state, began)
    except ApplyError:
        return None
    return state

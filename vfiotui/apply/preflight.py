"""What must hold before the first step of a plan: checked on the machine, just before it is changed.

Among it: whether there is room for what commands build, and for what is kept of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from vfiotui.apply import guest_schema
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.chroot import why_not_entered
from vfiotui.apply.programs.consent import must_be_agreed
from vfiotui.apply.record import boot_record
from vfiotui.apply.record.products import products
from vfiotui.apply.steps.command import is_recorded
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.mount_checks import subject_problems
from vfiotui.apply.writes.room import MIB, free_at, short, size_of
from vfiotui.host.boot.mounts import mount_points
from vfiotui.host.memory.host_memory import read_meminfo
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.plan import Condition, Plan

LARGE = MIB
"""Bytes: what is larger is an image, which grows by the modules that are added to it."""
GROWTH = 2 * MIB
"""Bytes by which an image may grow: vfio's modules take about 1 MiB, packed less."""
SPARE = 64 << 10
"""Bytes that stay free: names, notes and the journal take blocks too."""


def _on_boot(target: Target, device: int) -> bool:
    """Whether the journal's file system is one that is mounted for what starts the system."""
    points = (p for p in mount_points() if p.startswith(target.folder))
    inside = {p[len(target.folder.rstrip("/")) :] or "/" for p in points}
    boots = [p for p in inside if p in ("/boot", "/efi") or p.startswith(("/boot/", "/efi/"))]
    return any(free_at(target.place(p) / "x")[0] == device for p in boots)


def room_problems(target: Target, commands: Iterable[tuple[str, ...]], *, record: bool = False) -> list[str]:
    """What room is missing for commands that write files of these patterns, each as a sentence.

    An image is built beside the old one, which goes then; a kept copy of each lies in the journal, and with `record`
    one of everything in /boot and the EFI partitions.
    """
    building: dict[int, tuple[int, int, str]] = {}
    kept = 0
    keeping = boot_record.look(target) if record else {}
    counted: set[str] = set()
    for patterns in commands:
        for place in products(target, patterns).values():
            if place.path in counted:
                continue
            counted.add(place.path)
            size = size_of(place)
            device, free = free_at(place)
            growth = GROWTH if size > LARGE else 0
            largest, grown, where = building.get(device, (0, 0, place.above.path))
            building[device] = (max(largest, size), grown + growth, where)
            kept += size
    kept += boot_record.kept_size(status for path, status in keeping.items() if path not in counted)
    journal, free_for_kept = free_at(target.journal)
    found = []
    if kept and _on_boot(target, journal):
        found.append(
            f"{target.journal} lies on the file system of /boot: what is kept would take the room of the images"
        )
    elif kept + SPARE > free_for_kept and kept:
        found.append(short(target.journal.path, free_for_kept, kept + SPARE, "for what is kept"))
    for device, (largest, grown, where) in building.items():
        _, free = free_at(target.place(where) / "x")
        wanted = largest + grown + SPARE + (kept if device == journal else 0)
        if largest > LARGE and wanted > free:
            found.append(short(where, free, wanted, "while the images are built"))
    return found


def _program(target: Target, condition: Condition) -> str | None:
    return None if target.program(condition.subject) else f"{condition.subject} is not installed here"


def _space(target: Target, condition: Condition) -> str | None:
    """`value` bytes must be free for root below the subject."""
    with disk.nearest(target.real_place(condition.subject)) as (_, fd):
        found = os.statvfs(fd)
    free, wanted = found.f_bavail * found.f_frsize, int(condition.value)
    return None if free >= wanted else f"{condition.subject} has {free >> 20} MiB free and needs {wanted >> 20} MiB"


def _mounted(target: Target, condition: Condition) -> str | None:
    """Something must be mounted at the subject, or it must hold files already."""
    place = target.real_place(condition.subject)
    if target.outside(place) in mount_points() or (disk.kind(place) == "directory" and disk.names(place)):
        return None
    return f"{condition.subject} is empty: mount its file system first"


def _absent(target: Target, condition: Condition) -> str | None:
    return f"{condition.subject} is there already" if disk.kind(target.place(condition.subject)) else None


def _available(target: Target, condition: Condition) -> str | None:
    """`value` KiB of memory must be available; what a kernel does not tell forbids nothing."""
    have = or_else(read_meminfo(target.root), {}).get("MemAvailable")
    wanted = int(condition.value)
    return None if have is None or have >= wanted else f"{have} KiB of memory are available and {wanted} KiB must be"


def _room(target: Target, condition: Condition) -> str | None:
    """Files of the subject's pattern must find room beside the old ones, and the old ones in the journal."""
    return "; ".join(room_problems(target, [(condition.subject,)])) or None


CHECKS: dict[str, Callable[[Target, Condition], str | None]] = {
    "program": _program,
    "space": _space,
    "mounted": _mounted,
    "absent": _absent,
    "available": _available,
    "room": _room,
}


def _programs(target: Target, plan: Plan) -> list[str]:
    """Programs of the steps that are not there, or cannot run here."""
    wanted = dict.fromkeys(step.argv[0] for step in plan.steps if step.argv)
    missing = [f"{program} is not installed here" for program in wanted if target.program(program) is None]
    if missing or not wanted or target.is_live:
        return missing
    must_be_agreed(target, wanted)
    closed = why_not_entered(target)
    return [closed] if closed else []


def _room_for(target: Target, plan: Plan) -> list[str]:
    """The room for all that the plan's commands write, whatever its conditions say."""
    commands = [step for step in plan.steps if step.kind == "command"]
    return room_problems(target, [step.products for step in commands], record=any(map(is_recorded, commands)))


def preflight(target: Target, plan: Plan) -> list[str]:
    """ApplyError with all that does not hold; nothing is written. Returns sentences about what could not be checked."""
    misfits, unchecked = guest_schema.compare(target, plan)
    wrong = [*subject_problems(target, plan), *_programs(target, plan), *_room_for(target, plan), *misfits]
    if plan.machine and target.machine and plan.machine != target.machine:
        wrong.append("the plan was made for another machine (its machine-id differs)")
    for condition in plan.conditions:
        check = CHECKS.get(condition.name)
        if check is None:
            wrong.append(f"the plan names a condition {condition.name!r} that this version does not know")
            continue
        sentence = check(target, condition)
        if sentence:
            wrong.append(f"{sentence}; {condition.why}" if condition.why else sentence)
    if wrong:
        raise ApplyError(f"nothing was changed: {'; '.join(dict.fromkeys(wrong))}")
    return unchecked

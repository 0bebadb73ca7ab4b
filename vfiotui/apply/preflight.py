"""What must hold before the first step of a plan: checked on the machine, just before it is changed."""

from __future__ import annotations

import os
from collections.abc import Callable

from vfiotui.apply import build_room, disk, guest_schema
from vfiotui.apply.chroot import why_not_entered
from vfiotui.apply.consent import must_be_agreed
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.mount_checks import subject_problems
from vfiotui.apply.target import Target
from vfiotui.host.boot.mounts import mount_points
from vfiotui.host.memory.host_memory import read_meminfo
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.plan import Condition, Plan


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
    return "; ".join(build_room.problems(target, [(condition.subject,)])) or None


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
    return build_room.problems(target, [step.products for step in plan.steps if step.kind == "command"])


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
